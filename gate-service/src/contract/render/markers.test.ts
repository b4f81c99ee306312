import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildMarker, MARKER_KINDS, type Marker, parseMarker, withoutMarker } from './markers.ts';

const marker: Marker = { kind: 'verdict', change_id: 'chg-42-0a1b2c3d4e', revision: 2, sha: 'abc' };

const withMarker = (each: Marker, text: string) => `${buildMarker(each)}\n${text}`;

describe('markers', () => {
  it('are one hidden line', () => {
    expect(buildMarker(marker)).toBe(
      '<!-- changegate:v1 kind=verdict change_id=chg-42-0a1b2c3d4e revision=2 sha=abc -->',
    );
  });

  it('are read back from the first line alone', () => {
    expect(parseMarker(withMarker(marker, 'text'))).toEqual(marker);
    expect(parseMarker(withMarker(marker, 'text').replace('\n', '\r\n'))).toEqual(marker);
    expect(parseMarker(`text\n${buildMarker(marker)}`)).toBeNull();
    expect(parseMarker(` ${buildMarker(marker)}`)).toBeNull();
  });

  it.each([
    ['nothing', ''],
    ['another version', '<!-- changegate:v2 kind=verdict -->'],
    ['another kind', '<!-- changegate:v1 kind=other -->'],
    ['no kind', '<!-- changegate:v1 change_id=a -->'],
    ['a field twice', '<!-- changegate:v1 kind=verdict sha=a sha=b -->'],
    ['a revision that is no number', '<!-- changegate:v1 kind=verdict revision=x -->'],
    ['a broken escape', '<!-- changegate:v1 kind=verdict sha=%zz -->'],
    ['text behind it', '<!-- changegate:v1 kind=verdict --> hello'],
    ['no field at all', '<!-- changegate:v1  -->'],
  ])('does not take %s for a marker', (_description, body) => {
    expect(parseMarker(body)).toBeNull();
  });

  it('survives any value, which can end neither the comment nor the line', () => {
    const value = fc.string({ unit: 'grapheme', maxLength: 60 });
    fc.assert(
      fc.property(fc.constantFrom(...MARKER_KINDS), value, value, fc.nat(), (kind, changeId, key, at) => {
        const written: Marker = { kind, change_id: changeId, key, at };
        const line = buildMarker(written);
        expect(line.indexOf('-->')).toBe(line.length - 3);
        expect(line).not.toContain('\n');
        expect(parseMarker(`${line}\ntext`)).toEqual(written);
      }),
    );
    expect(() => buildMarker({ kind: 'verdict', sha: '\ud83d' })).not.toThrow();
  });

  it('can be taken away', () => {
    expect(withoutMarker(withMarker(marker, 'text'))).toBe('text');
    expect(withoutMarker('text\nmore')).toBe('text\nmore');
  });
});

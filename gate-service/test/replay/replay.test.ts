import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contractorRows, csvOf, type JobRow, type JobsPlan, jobRows, SMALL_SHOP } from './make-jobs-file.ts';
import { makePlace, ownFile, type Place, type ReplayObject } from './replay-runner.ts';

/** Enough visitors for a verdict: 6000 in the window. */
const SHOP: JobsPlan = { ...SMALL_SHOP, rows: 30_000 };
const HARMFUL: JobsPlan = { ...SHOP, seed: 12, rate: { off: 0.3, on: 0.21 } };

let place: Place;
beforeAll(() => {
  place = makePlace();
  place.write('jobs.csv', csvOf(jobRows(SHOP)));
  place.write('harmful.csv', csvOf(jobRows(HARMFUL)));
  place.write('tiny.csv', csvOf(contractorRows(5, 5)));
  place.write('quotes.csv', ownFile('quotes.csv'));
});
afterAll(() => place.remove());

/** What stands under one of the output's headings. */
function part(out: string, heading: string): string {
  return out.split('=== ').find((text) => text.startsWith(heading)) ?? '';
}

describe('a file with a good change', () => {
  test('prints what was read, the forecast, the days and the verdict comment', async () => {
    const { code, out, err } = await place.replay('jobs.csv');
    expect([code, err]).toEqual([0, '']);
    await expect(out).toMatchFileSnapshot('golden/pass.txt');
    expect(part(out, 'The verdict')).toContain('PASS: the change did what its contract promised');
  });

  test('is the same in JSON', async () => {
    const object = await place.object('jobs.csv');
    expect(Object.keys(object)).toEqual(['read', 'forecast', 'days', 'alarms', 'verdict']);
    expect(object.verdict).toMatchObject({ verdict: 'pass', reasons: ['ok'] });
    expect(object.read).toMatchObject({ rows: 30_000, history_weeks: 4, event_ids: false, share: 0.5 });
    expect(object.days).toHaveLength(8);
    const last = object.days.at(-1).kpis[0].known_so_far;
    expect(last.off.n + last.on.n).toBe(object.read.exposed.off + object.read.exposed.on);
    expect(object.verdict.comment).toContain('PASS');
  });

  test('recomputes from its evidence pack', async () => {
    const object = await place.object('jobs.csv', '--evidence', 'evidence.json');
    expect(object.evidence).toBe('evidence.json');
    const { code, out } = await place.run('recompute', 'evidence.json');
    expect(out).toMatch(/revision 1: pass \(ok\); the same as recorded\nevidence [0-9a-f]{64}\n$/);
    expect(code).toBe(0);
  });

  test('in any order of its rows, in NDJSON, and in gzip', async () => {
    const rows = [...jobRows(SHOP)];
    const shuffled = rows.toSorted((left, right) => (hash(left) < hash(right) ? -1 : 1));
    const expected = answerOf(await place.object('jobs.csv'));
    place.write('shuffled.csv', csvOf(shuffled));
    place.write('jobs.ndjson', ndjsonOf(shuffled));
    place.write('jobs.csv.gz', gzipSync(csvOf(rows)));
    place.write('packed', gzipSync(ndjsonOf(rows)));
    for (const args of [
      ['shuffled.csv'],
      ['jobs.ndjson'],
      ['jobs.csv.gz'],
      ['packed', '--format', 'ndjson'],
    ] as const) {
      const [name, ...options] = args;
      expect(answerOf(await place.object(name, ...options)), name).toEqual(expected);
    }
  });
});

describe('a file with a harmful change', () => {
  test('would have throttled, then turned off, and goes on at its recorded share', async () => {
    const { out } = await place.replay('harmful.csv');
    await expect(part(out, 'Day by day')).toMatchFileSnapshot('golden/harmful-days.txt');
    expect(out).toMatch(/would have throttled here \(to 5%\)\. Harm was established/);
    expect(out).toMatch(/would have turned the flag off here\./);
    expect(part(out, 'The verdict')).toMatch(/FAIL: the primary KPI got worse/);
    expect(part(out, 'The verdict')).toContain('The file goes on at its recorded share');
    const { alarms } = await place.object('harmful.csv');
    expect(alarms.map((alarm: ReplayObject) => alarm.would_have)).toEqual(['throttle', 'turn_off']);
    expect(alarms[0].at < alarms[1].at).toBe(true);
    expect(alarms[0]).toMatchObject({ target_share: 0.05, kpi_id: 'booking_conversion' });
  });

  test('in observe mode says the same', async () => {
    place.write('observe.yml', `${ownFile('contract.yml')}stop: { adverse: observe }\n`);
    const { out } = await place.run(
      'replay',
      '--contract',
      'observe.yml',
      '--registry',
      'kpis.yml',
      '--events',
      'harmful.csv',
    );
    expect(out).toMatch(/would have throttled here \(to 5%\)/);
    expect(out).toContain('The contract only observes');
  });

  test('exits with the verdict when it is asked to', async () => {
    const codes = ['jobs.csv', 'harmful.csv', 'tiny.csv'].map(async (file) => {
      const [plain, asked] = [await place.replay(file), await place.replay(file, '--exit-code')];
      return [plain.code, asked.code];
    });
    expect(await Promise.all(codes)).toEqual([
      [0, 0],
      [0, 1],
      [0, 3],
    ]);
  });
});

describe('a contractor with 100 jobs a week', () => {
  test('gets the verdict that the traffic allows, not a data quality failure', async () => {
    for (const seed of [5, 6, 7, 8]) {
      place.write('contractor.csv', csvOf(contractorRows(seed, 5)));
      const { verdict } = await place.object('contractor.csv');
      expect(verdict.reasons, `seed ${seed}`).toEqual(['not_enough_evidence']);
      expect(verdict.quality.filter(({ status }: ReplayObject) => status !== 'ok')).toEqual([]);
    }
  });

  test('is the worked example of docs/replay.md', async () => {
    const docs = ownFile('../../../docs/replay.md');
    const [, command = ''] = docs.match(/```sh example\n(?:npx )?changegate (.*?)\n```/s) ?? [];
    const args = command.replaceAll('\\\n', ' ').replaceAll('gate-service/test/replay/', '').trim().split(/\s+/);
    const { code, out } = await place.run(...args);
    expect(code).toBe(0);
    const excerpts = [...docs.matchAll(/```text example\n(.*?)\n```/gs)].map(([, text]) => text!);
    expect(excerpts.length).toBeGreaterThan(1);
    for (const excerpt of excerpts) expect(out).toContain(excerpt);
  });
});

/** What does not depend on the file's name, form and order. */
function answerOf({ read, ...rest }: ReplayObject): ReplayObject {
  const { file: _file, format: _format, gzip: _gzip, ...counts } = read;
  return { ...rest, read: counts };
}

function hash({ unit, time }: JobRow): number {
  return [...`${unit}${time}`].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) >>> 0, 7);
}

function ndjsonOf(rows: readonly JobRow[]): string {
  const lines = rows.map(({ time, unit, variant, outcome }) =>
    JSON.stringify({
      timestamp: time,
      user_id: unit,
      ...(variant === '' ? {} : { version_flag: variant }),
      success: outcome === 'success',
    }),
  );
  return `${lines.join('\n')}\n`;
}

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { csvOf, type JobRow, jobRows, SMALL_SHOP } from './make-jobs-file.ts';
import { makePlace, type Place } from './replay-runner.ts';

const rows: readonly JobRow[] = [...jobRows({ ...SMALL_SHOP, rows: 3000 })];
const GOOD = csvOf(rows);

let place: Place;
beforeAll(() => {
  place = makePlace();
});
afterAll(() => place.remove());

async function read(content: string | Uint8Array, ...args: readonly string[]) {
  place.write('file.csv', content);
  return place.object('file.csv', ...args);
}

async function refusal(content: string | Uint8Array, ...args: readonly string[]): Promise<string> {
  place.write('file.csv', content);
  const { code, out, err } = await place.replay('file.csv', ...args);
  expect([code, out]).toEqual([2, '']);
  return err;
}

describe('CSV as programs write it', () => {
  test.each([
    ['with a byte order mark', `\ufeff${GOOD}`],
    ['with CRLF', GOOD.replaceAll('\n', '\r\n')],
    [
      'with quotes, blank lines and no last line end',
      `${GOOD.replace(/^([^,\n]+),([^,\n]+)/gm, '"$1","$2"').trimEnd()}\n\n`,
    ],
    [
      'with capitals and blanks in the header',
      GOOD.replace('time,unit,variant,outcome', 'Time, Unit ,VARIANT,Outcome'),
    ],
    [
      'with quoted commas and line ends',
      GOOD.replace(/^(.*)$/gm, (line, _1, at: number) =>
        at === 0 ? `${line},note` : line === '' ? '' : `${line},"a, ""b""\nc"`,
      ),
    ],
  ])('%s', async (_what, content) => {
    const expected = await read(GOOD);
    const found = await read(content);
    expect(found.verdict).toEqual(expected.verdict);
    expect(found.read).toMatchObject({ rows: 3000, bad_rows: { total: 0 } });
  });

  test('another delimiter is named, and can be said', async () => {
    const content = GOOD.replaceAll(',', ';');
    expect(await refusal(content)).toMatch(
      /seem to be separated by ";"; a comma is expected\.\nNext step: Say so: --delimiter ";"/,
    );
    expect((await read(content, '--delimiter', ';')).read.rows).toBe(3000);
    expect((await read(GOOD.replaceAll(',', '\t'), '--delimiter', 'tab')).read.rows).toBe(3000);
  });

  test('columns and values can have other names', async () => {
    const content = GOOD.replace('time,unit,variant,outcome', 'when,job,arm,result,extra')
      .replace(/^(\d.*),success$/gm, '$1,won')
      .replace(/,(?:on|off),/g, (arm) => (arm === ',on,' ? ',new,' : ',old,'))
      .replace(/^(\d.*)$/gm, '$1,x');
    const map = ['when=time', 'job=unit', 'arm=variant', 'result=outcome'].flatMap((one) => ['--map', one]);
    const value = ['won=success', 'new=on', 'old=off'].flatMap((one) => ['--value', one]);
    const found = await read(content, ...map, ...value);
    expect(found.verdict).toEqual((await read(GOOD)).verdict);
    expect(found.read.notes).toContain('Columns that mean nothing here: extra.');
  });
});

describe('a file that cannot be used exits with 2 and says why', () => {
  const HEADER = 'time,unit,variant,outcome\n';
  test.each([
    ['empty', '', 'file.csv has no rows.'],
    ['only a header', HEADER, 'file.csv has no rows.'],
    ['only blank lines', '\n\n', 'file.csv has no rows.'],
    ['no column for the time', GOOD.replace('time', 'when'), 'no column for the time (time or timestamp)'],
    ['no column for the outcome', GOOD.replace('outcome', 'result'), 'Name the column: --map "<column>=outcome"'],
    ['a column twice', GOOD.replace('unit', 'time'), 'The column time is there 2 times.'],
    [
      'no row with the change',
      GOOD.replaceAll(',on,', ',off,'),
      'none of the 3000 rows that can be read is of a unit with the change',
    ],
    ['times without a zone', GOOD.replaceAll('Z,', ','), 'or --utc when all times are UTC'],
    [
      'only NaN',
      `${HEADER}NaN,NaN,NaN,NaN\n`,
      'none of its 1 rows can be read. Line 2: The time cannot be read: found "NaN"',
    ],
    [
      'a quote that is never closed',
      `${HEADER}"2026-11-02T09:15:00Z,a,on,\n${'x'.repeat(2_000_000)}`,
      'cannot be read as CSV at line',
    ],
    ['a quote open at the end', `${GOOD}"2026`, 'a quote is never closed'],
    ['a spreadsheet', Buffer.from('PK\u0003\u0004'), 'is a zip file, such as a spreadsheet'],
    ['UTF-16', Buffer.from('\ufefftime', 'utf16le'), 'is text in UTF-16'],
    ['half a gzip', Buffer.from([0x1f, 0x8b, 8, 0]), 'cannot be read: unexpected end of file'],
  ])('%s', async (_what, content, message) => {
    expect(await refusal(content)).toContain(message);
  });

  test.each([
    [['--map', 'time'], '--map time is not column=field'],
    [['--map', 'a=colour'], 'fields are time, unit'],
    [['--map', 'nothing=unit'], '--map names the column nothing, which is not there'],
    [['--map', 'unit=time', '--map', 'time=time'], '--map gives two columns the field time'],
    [['--map', 'x=outcome:speed'], '--map outcome names speed; the KPIs of the contract are booking_conversion'],
    [['--value', 'x=perhaps'], '--value x=perhaps is not text=meaning'],
    [['--kpi', 'speed'], '--kpi names speed'],
    [['--only', 'speed'], '--only names speed'],
    [['--share', '99%'], '--share 99% is no share'],
    [['--share', '0.5'], '--share 0.5 is no share'],
    [['--delimiter', '::'], '--delimiter :: is not one character'],
    [['--evidence', 'no/such/folder.json'], 'no/such/folder.json cannot be written'],
  ])('%j', async (args, message) => {
    expect(await refusal(GOOD, ...args)).toContain(message);
  });

  test('a file, a contract or a KPI that is not there', async () => {
    expect((await place.replay('nowhere.csv')).err).toContain('nowhere.csv cannot be read');
    const { code, err } = await place.run('replay', '--contract', 'no.yml', '--events', 'file.csv');
    expect([code, err]).toEqual([2, expect.stringContaining('no.yml cannot be read')]);
    place.write('bad.yml', 'hypothesis: x\n');
    const bad = await place.run('replay', '--contract', 'bad.yml', '--registry', 'kpis.yml', '--events', 'file.csv');
    expect([bad.code, bad.err]).toEqual([2, expect.stringContaining('bad.yml:1')]);
    expect(bad.err).toMatch(/^changegate: The files have [2-9] errors\.\n/);
    expect(bad.err.match(/^bad\.yml:1:\d+ error/gm)?.length).toBeGreaterThan(1);
    expect((await place.run('replay')).code).toBe(2);
  });

  test('events of successes are no trials', async () => {
    const lines = rows.map(({ time, unit, variant }) => ({
      time,
      unit,
      variant,
      event: 'quote_viewed',
      status: 'success',
    }));
    const booked = { ...lines.at(-1), event: 'job_booked' };
    place.write('events.ndjson', [...lines, booked].map((line) => JSON.stringify(line)).join('\n'));
    const { code, err } = await place.replay('events.ndjson');
    expect([code, err]).toEqual([2, expect.stringContaining('rows of job_booked, the success of booking_conversion')]);
  });

  test('a key that no line has', async () => {
    place.write('lines.ndjson', `${JSON.stringify({ time: rows[0]!.time, unit: 'a', variant: 'on' })}\n`);
    expect((await place.replay('lines.ndjson')).err).toContain('no column for the outcome');
    expect((await place.replay('lines.ndjson', '--map', 'won=outcome')).err).toContain('--map names the key won');
  });

  test('--help documents the exit codes', async () => {
    const { code, out } = await place.run('replay', '--help');
    expect([code, out]).toEqual([0, expect.stringMatching(/Exit codes:\n {2}0 {2}a verdict was made/)]);
  });
});

describe('bad rows are counted, never dropped in silence', () => {
  const broken = (count: number) => {
    const lines = GOOD.trimEnd().split('\n');
    const first = lines.length - 500;
    return lines
      .map((line, at) => (at >= first && at < first + count ? line.replace(/,(on|off),/, ',maybe,') : line))
      .join('\n');
  };

  test('a few are shown with line, found and allowed', async () => {
    const { read: facts, verdict } = await read(broken(3));
    expect(facts.bad_rows).toMatchObject({ total: 3, in_window: 3, by_problem: { 'The variant is unknown': 3 } });
    expect(facts.bad_rows.shown[0]).toEqual({
      line: 2502,
      problem: 'The variant is unknown',
      found: 'maybe',
      allowed: expect.stringContaining('treatment'),
    });
    expect(verdict.reasons[0]).not.toContain('data_quality');
  });

  test('more than 0.5% of the window make the verdict inconclusive; the first 10 are shown', async () => {
    place.write('file.csv', broken(40));
    const { out } = await place.replay('file.csv');
    expect(out).toContain('40 not readable');
    expect(out.match(/The variant is unknown/g)).toHaveLength(10);
    expect(out).toContain('and 30 more rows');
    const { verdict } = await place.object('file.csv');
    expect(verdict).toMatchObject({ verdict: 'inconclusive', reasons: [expect.stringContaining('data_quality')] });
  });

  test.each([
    ['a broken quote', (line: string) => line.replace(',visitor', ',x"visitor')],
    ['too few columns', (line: string) => line.replace(/,[^,]*$/, '')],
    ['too many columns', (line: string) => `${line},x`],
    ['no unit', (line: string) => line.replace(/visitor-\d+/, '')],
    ['an unknown outcome', (line: string) => line.replace(/[^,]*$/, 'perhaps')],
    ['NaN for an outcome', (line: string) => line.replace(/[^,]*$/, 'NaN')],
    ['no time zone', (line: string) => line.replace('Z,', ',')],
    ['a day that is not', (line: string) => line.replace(/^\d{4}-\d\d-\d\d/, '2026-02-30')],
  ])('%s', async (_what, change) => {
    const lines = GOOD.trimEnd().split('\n');
    const content = lines.map((line, at) => (at === 2700 ? change(line) : line)).join('\n');
    const { read: facts } = await read(content);
    expect(facts).toMatchObject({ rows: 2999, bad_rows: { total: 1, in_window: 1, shown: [{ line: 2701 }] } });
  });
});

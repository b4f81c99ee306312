import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fastRandom } from '../../bench/detection/random.ts';
import { margin, placeboSup, reportOnline, reportWeeks } from './before-after.ts';
import { clicksPValue, dealClicks, reportHeadlines } from './headlines.ts';
import { loadHeadlines, loadNab, NAB_SERIES } from './load.ts';

const START = Date.UTC(2014, 6, 1);
const DAYS = 16 * 7;
/** The incident: two days in the last week at a third of what is usual. */
const [FROM, TO] = [(DAYS - 4) * 24, (DAYS - 2) * 24];

let folder: string;

const stamp = (halfHour: number) => new Date(START + halfHour * 1_800_000).toISOString().slice(0, 19).replace('T', ' ');

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reals-'));
  const random = fastRandom(3, 7);
  const rows = Array.from({ length: DAYS * 48 }, (_, i) => {
    const usual = 500 * (1 + 0.5 * Math.sin((i / 48) * 2 * Math.PI));
    const inIncident = i >= FROM * 2 && i < TO * 2;
    return `${stamp(i)},${random.poisson(inIncident ? usual / 3 : usual)}`;
  });
  const csv = `timestamp,value\n${rows.join('\n')}\n`;
  mkdirSync(join(folder, 'data/realKnownCause'), { recursive: true });
  mkdirSync(join(folder, 'labels'));
  const [taxi, requests, latency] = NAB_SERIES;
  writeFileSync(join(folder, 'data', taxi), csv);
  writeFileSync(join(folder, `${requests.replace('/', '__')}.gz`), gzipSync(csv.split('\n').slice(0, 500).join('\n')));
  writeFileSync(join(folder, latency.replace('/', '__')), csv.split('\n').slice(0, 500).join('\n'));
  const labels = {
    [taxi]: [[`${stamp(FROM * 2)}.000000`, `${stamp(TO * 2)}.000000`]],
    [requests]: [],
    [latency]: [],
  };
  writeFileSync(join(folder, 'labels/combined_windows.json'), JSON.stringify(labels));
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('series with a labelled incident', () => {
  it('is found by every method, in its direction, and calm windows stay calm', () => {
    const [series] = loadNab(folder);
    expect(series!.incidents).toEqual([{ from: FROM, to: TO }]);
    for (const monitor of [placeboSup, margin]) {
      const { incidents, calmWindows, calmAlarms } = reportOnline(series!, monitor);
      expect(incidents[0]!.lower).toMatchObject({ status: 'ok' });
      expect(incidents[0]!.lower.hours).toBeLessThan(4);
      expect(incidents[0]!.higher.hours).toBeNull();
      expect(calmWindows).toBeGreaterThan(30);
      expect(calmAlarms.decrease + calmAlarms.increase).toBeLessThan(8);
    }
    const weeks = reportWeeks(series!);
    expect(weeks.filter(({ p }) => p < 0.05)).toEqual([weeks.at(-1)]);
    expect(weeks.at(-1)).toMatchObject({ hasIncident: true });
    expect(weeks.at(-1)!.change).toBeCloseTo((-2 / 3) * (2 / 7), 1);
  });

  it('gives no answer for a short series, and does without an hour that misses a sample', () => {
    const [, requests] = loadNab(folder);
    expect(reportOnline(requests!, placeboSup)).toEqual({
      incidents: [],
      calmWindows: 0,
      calmAlarms: { increase: 0, decrease: 0 },
    });
    expect(reportWeeks(requests!)).toEqual([]);
    expect(requests!.hourly.at(-1)).toBeNaN();
    expect(margin(requests!.hourly, 100, 'increase')).toEqual({ status: 'insufficient', hours: null });
  });
});

describe('headline tests', () => {
  // The first eight digits are seconds: 2013-03-15, and 2013-09-01 when assignment failed.
  const [sound, failed] = ['51436061220cb800020001e7', '522283f0220cb800020001e7'];

  it('tells an uneven split and different clicks apart, by when the test was made', () => {
    const path = join(folder, 'arms.csv');
    const rows = [`${sound},1000,100`, `${sound},1010,20`, `${failed},1000,50`, `${failed},3000,150`];
    writeFileSync(path, `clickability_test_id,impressions,clicks\n${rows.join('\n')}\n`);
    const [all, usual, broken] = reportHeadlines(loadHeadlines(path), 1);
    expect(all).toMatchObject({ tests: 2, unevenByChiSquare: 0.5, unevenByBayesFactor: 0.5, differAt001: 0.5 });
    expect(usual).toMatchObject({ tests: 1, unevenByChiSquare: 0, differAt001: 1 });
    expect(broken).toMatchObject({ tests: 1, unevenByChiSquare: 1, differAt05: 0 });
  });

  it('deals the same clicks, and then the test rejects as often as it should', () => {
    const random = fastRandom(9, 1);
    const test = { madeMs: null, impressions: [3000, 2000, 2500], clicks: [90, 10, 20] };
    const dealt = Array.from({ length: 2000 }, () => dealClicks(test, () => random.next()));
    expect(dealt.every((clicks) => clicks.reduce((sum, one) => sum + one, 0) === 120)).toBe(true);
    const rejected = dealt.filter((clicks) => clicksPValue({ ...test, clicks }) < 0.05).length / dealt.length;
    expect(Math.abs(rejected - 0.05)).toBeLessThan(0.02);
    expect(clicksPValue({ impressions: [10, 90], clicks: [5, 15] })).toBeCloseTo(0.0124, 4);
  });
});

describe('npm run reals', () => {
  const run = (...args: string[]) => {
    try {
      return execFileSync(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], {
        encoding: 'utf8',
        stdio: 'pipe',
      });
    } catch (error) {
      return (error as { stderr: string }).stderr;
    }
  };

  it('says which file is missing or broken, and what to do', () => {
    expect(run('--nab', join(folder, 'nowhere'))).toMatch(
      /There is no file .*combined_windows.json.*Download it first/,
    );
    expect(run()).toMatch(/Neither --nab nor --headlines/);
    writeFileSync(join(folder, 'broken.csv'), 'test_id,impressions,clicks\na,ten,1\n');
    expect(run('--headlines', join(folder, 'broken.csv'))).toMatch(/ten is no number/);
    writeFileSync(join(folder, 'other.csv'), 'a,b\n1,2\n');
    expect(run('--headlines', join(folder, 'other.csv'))).toMatch(/no column impressions, clicks/);
  });

  it('prints a table of each', () => {
    const printed = run('--nab', folder, '--headlines', join(folder, 'arms.csv'));
    expect(printed).toMatch(/placebo-sup \(L10\): false alarms/);
    expect(printed).toMatch(/fewer than thirteen weeks, no answer/);
    expect(printed).toMatch(/\| all \| 2 \|/);
  });
});

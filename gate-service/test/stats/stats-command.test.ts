import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { STAT_FUNCTIONS } from '../../src/cli/stats/table.ts';
import { makePlace, type Place, runStats } from './stats-runner.ts';

const WILSON = { fn: 'wilson', inputs: { x: 17, n: 60 } };
let place: Place;
beforeEach(() => {
  place = makePlace();
});
afterEach(() => place.remove());

const suiteOf = (...cases: readonly object[]) => JSON.stringify({ suite: 'mine', cases });
const wilsonCase = (lo: number) => ({ id: 'w', ...WILSON, expected: { lo }, tol_rel: 1e-6, tol_abs: 0 });

describe('lines', () => {
  test('one answer a line, in order, empty lines left out', async () => {
    const lines = [JSON.stringify(WILSON), '', '  ', JSON.stringify({ fn: 'norm_cdf', inputs: { x: 0 } })];
    const { code, out, err } = await runStats([], lines);
    const [first, second, ...rest] = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect([code, err, rest]).toEqual([0, '', []]);
    // R 4.2.2 prop.test(17, 60, conf.level = .9, correct = FALSE)
    expect(first.result.lo).toBeCloseTo(0.198614856232, 9);
    expect(first.result.hi).toBeCloseTo(0.386748756492, 9);
    expect(second).toEqual({ fn: 'norm_cdf', result: { cdf: 0.5, sf: 0.5 } });
  });

  test('a line may be a case of a suite, and the first may begin with a byte order mark', async () => {
    const asCase = { ...wilsonCase(0.5), source: 'R' };
    const { code, out } = await runStats([], [`\ufeff${JSON.stringify(asCase)}`, JSON.stringify(asCase)]);
    const [first, second] = out.trimEnd().split('\n');
    expect([code, second]).toEqual([0, first]);
    expect(JSON.parse(first ?? '').result.lo).toBeCloseTo(0.198614856232, 9);
    expect((await runStats([], [JSON.stringify({ ...WILSON, input: 1 })])).code).toBe(1);
  });

  test('infinite places of a distribution are text', async () => {
    const lines = [
      { fn: 'norm_cdf', inputs: { x: 'Infinity' } },
      { fn: 't_cdf', inputs: { t: '-Infinity', df: 3 } },
      { fn: 'chi2_sf', inputs: { x: 'Infinity', df: 2 } },
    ].map((line) => JSON.stringify(line));
    const { out } = await runStats([], lines);
    const results = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).result);
    expect(results).toEqual([{ cdf: 1, sf: 0 }, { cdf: 0, sf: 1 }, { sf: 0 }]);
  });

  test('values far from 0 keep the digits in which they differ', async () => {
    const inputs = { A: [1e9, 1e9, 1e9 + 1], B: [1e9 + 2, 1e9 + 3, 1e9 + 4] };
    const { out } = await runStats([], [JSON.stringify({ fn: 'welch_t_raw', inputs })]);
    const { t, df } = JSON.parse(out).result;
    // (3 - 1/3) / sqrt(1/9 + 1/3) and its Satterthwaite df
    expect([t, df]).toEqual([expect.closeTo(4, 12), expect.closeTo(3.2, 12)]);
  });

  test('a ratio that no unit differs from is degenerate, not certain', async () => {
    const inputs = { n: 10, sum_num: 20, sum_den: 10, sumsq_num: 40, sumsq_den: 10, sum_num_den: 20 };
    const { out } = await runStats([], [JSON.stringify({ fn: 'ratio_delta', inputs })]);
    expect(JSON.parse(out).result).toEqual({ ratio: 2, se: 0, status: 'degenerate' });
  });

  test('a line that fails does not stop the others, and the exit code is 1', async () => {
    const lines = ['{"fn": "wilson"', '{"fn":"wilsn","inputs":{}}', JSON.stringify(WILSON)];
    const { code, out } = await runStats([], lines);
    const [broken, unknown, good] = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(code).toBe(1);
    expect(broken).toMatchObject({ fn: null, error: { code: 'invalid_input' } });
    expect(unknown.error).toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('Did you mean wilson?'),
    });
    expect(good.result.status).toBe('ok');
  });

  test('every problem of the inputs is named with what was received', async () => {
    const { out } = await runStats([], ['{"fn":"wilson","inputs":{"x":-1,"n":"3","conf":2,"y":0}}']);
    const { message, remedy } = JSON.parse(out).error;
    for (const part of ['x: ', 'got -1', 'n: ', 'got "3"', 'conf: ', 'got 2', '"y"']) expect(message).toContain(part);
    expect(remedy).toContain('--explain wilson');
  });

  test.each([
    ['{"fn":"wilson","inputs":{"x":7,"n":5}}', 'x must be at most n'],
    ['{"fn":"newcombe_diff","inputs":{"xA":7,"nA":5,"xB":1,"nB":5}}', 'x must be at most n'],
    ['{"fn":"srm_chi2","inputs":{"observed":[1,2],"weights":[1]}}', 'one weight per arm'],
    ['{"fn":"egate_bernoulli","inputs":{"batches_nA_yA_nB_yB":[[5,1,5,1],[5,6,5,1]]}}', 'got batch 2: [5,6,5,1]'],
    ['{"fn":"egate_bernoulli","inputs":{"batches_nA_yA_nB_yB":[[5,1,5,1]],"theta_hist":0.1}}', 'go together'],
    ['{"fn":"backtest_week","inputs":{"weekly_means":[1,2],"post_week_mean":1,"m":2}}', 'below the number of weeks'],
    [
      '{"fn":"ratio_delta","inputs":{"n":3,"sum_num":9,"sum_den":3,"sumsq_num":1,"sumsq_den":3,"sum_num_den":9}}',
      'sum',
    ],
    ['{"fn":"lan_demets_power2_bounds","inputs":{"fractions":[0.5,0.2]}}', 'must rise'],
    ['{"fn":"lan_demets_power2_bounds","inputs":{}}', 'looks or fractions'],
  ])('inputs that contradict each other: %s', async (line, message) => {
    const { code, out } = await runStats([], [line]);
    expect([code, JSON.parse(out).error.code]).toEqual([1, 'invalid_input']);
    expect(JSON.parse(out).error.message).toContain(message);
  });

  test('from a file', async () => {
    place.write('questions.ndjson', `${JSON.stringify(WILSON)}\r\n`);
    expect((await runStats(['--file', 'questions.ndjson'], [], place.cwd)).out).toContain('"lo":0.1986');
    expect(await runStats(['--file', 'none.ndjson'], [], place.cwd)).toMatchObject({
      code: 2,
      err: expect.stringContaining('none.ndjson cannot be read'),
    });
  });

  test('nothing in, nothing out', async () => {
    expect(await runStats([])).toEqual({ code: 0, out: '', err: '' });
  });
});

describe('suites', () => {
  test('exit 0 when every case is as expected', async () => {
    place.write('s.json', suiteOf(wilsonCase(0.198614856232)));
    const { code, out } = await runStats(['--suite', 's.json'], [], place.cwd);
    expect([code, out]).toEqual([0, 'ok           w  wilson\nmine: 1 ok, 0 missed, 0 not offered\n']);
  });

  test('exit 1 and got and expected when a case misses, even if others are not offered', async () => {
    place.write('s.json', suiteOf(wilsonCase(0.2), { id: 'n', fn: 'nobody', inputs: {}, expected: { a: 1 } }));
    const { code, out } = await runStats(['--suite', 's.json'], [], place.cwd);
    expect(code).toBe(1);
    expect(out).toMatch(/^miss {9}w {2}wilson\n {13}lo: got 0\.19861\d+, expected 0\.2\nnot offered {2}n {2}nobody\n/);
  });

  test('exit 3 when all that is missing is not offered, also over several files', async () => {
    place.write('a.json', suiteOf(wilsonCase(0.198614856232)));
    place.write('b.json', suiteOf({ id: 'n', fn: 'nobody', inputs: {}, expected: { a: 1 } }));
    const { code, out } = await runStats(['--suite', 'a.json', 'b.json', '--json'], [], place.cwd);
    expect(code).toBe(3);
    expect(JSON.parse(out)).toMatchObject({ ok: 1, miss: 0, notOffered: 1, suites: [{ suite: 'mine' }, {}] });
  });

  test.each([
    ['a field that is not there', { lo: 0.1986, width: 1 }, 'width: got nothing, expected 1'],
    ['text where a number is', { lo: 'Infinity' }, 'lo: got 0.19861'],
    ['another length', { lo: [1] }, 'lo: got 0.19861'],
    ['null where a number is', { lo: null }, 'lo: got 0.19861'],
  ])('a case misses with %s', async (_, expected, text) => {
    place.write('s.json', suiteOf({ id: 'w', ...WILSON, expected, tol_rel: 0.001 }));
    const { code, out } = await runStats(['--suite', 's.json'], [], place.cwd);
    expect(code).toBe(1);
    expect(out).toContain(text);
  });

  test('infinite and missing numbers are text; verdicts and reasons ignore case', async () => {
    place.write(
      's.json',
      suiteOf(
        {
          id: 'r',
          fn: 'mover_ratio',
          inputs: { xA: 0, nA: 9, xB: 0, nB: 9 },
          expected: { ratio: 'NaN', hi: 'Infinity' },
        },
        {
          id: 'i',
          fn: 'poisson_rate_ratio_exact',
          inputs: { countA: 0, expA: 1, countB: 4, expB: 1 },
          expected: { ratio_B_over_A: 'Infinity_or_NaN' },
        },
        {
          id: 'v',
          fn: 'verdict',
          inputs: { estimate: 1, lo: 0.5, hi: 2 },
          expected: { verdict: 'pass', reason: 'OK' },
        },
        { id: 's', fn: 'wilson', inputs: { x: 1, n: 2 }, expected: { status: 'ok' } },
      ),
    );
    expect((await runStats(['--suite', 's.json'], [], place.cwd)).out).toContain('mine: 4 ok, 0 missed');
  });

  test.each([
    ['no file', 'none.json', 'cannot be read'],
    ['no JSON', 'text.json', 'is not JSON'],
    ['no suite', 'list.json', 'is not a suite'],
  ])('%s is a mistake in the call', async (_, file, text) => {
    place.write('text.json', 'hello');
    place.write('list.json', '[]');
    expect(await runStats(['--suite', file], [], place.cwd)).toMatchObject({
      code: 2,
      err: expect.stringContaining(text),
    });
  });
});

describe('help', () => {
  test('--list has every function once', async () => {
    const { out } = await runStats(['--list']);
    for (const { fn } of STAT_FUNCTIONS) expect(out.split('\n')).toContainEqual(expect.stringMatching(`^  ${fn} +`));
    const listed = JSON.parse((await runStats(['--list', '--json'])).out) as { fn: string }[];
    expect(listed.map(({ fn }) => fn)).toEqual(STAT_FUNCTIONS.map(({ fn }) => fn));
    expect(new Set(listed.map(({ fn }) => fn)).size).toBe(listed.length);
  });

  test('--explain prints formula, source, assumptions and an example computed now', async () => {
    const { code, out } = await runStats(['--explain', 'mover_ratio']);
    expect(code).toBe(0);
    for (const part of ['MOVER-R', 'docs/statistics.md B4', 'Assumptions and limits', '"xA":96', 'default 0.9']) {
      expect(out).toContain(part);
    }
    // The reference case 96/240 against 18/30 at 90%.
    expect(out).toMatch(/lo +1\.09921251797/);
    const object = JSON.parse((await runStats(['--explain', 'mover_ratio', '--json'])).out);
    expect(object.result.hi).toBeCloseTo(1.910886858418045, 9);
  });

  test('an unknown function is a mistake in the call', async () => {
    const { code, err } = await runStats(['--explain', 'mover_ration']);
    expect(code).toBe(2);
    expect(err).toContain('Did you mean mover_ratio');
  });

  test('the ways to ask exclude each other', async () => {
    expect((await runStats(['--list', '--explain', 'wilson'])).code).toBe(2);
  });
});

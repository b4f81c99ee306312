import { describe, expect, test } from 'vitest';
import { contractText, readText, summaries } from './change-files.fixture.ts';
import { renderFindingsAsAnnotations, renderFindingsForTerminal } from './format-findings.ts';
import { findSecrets, maskSecrets } from './secrets.ts';

/** Made up, and put together here so that scanners do not take this file for a leak. */
const SECRETS: readonly (readonly [string, string])[] = [
  ['a GitHub token', `ghp_${'a1B2c3D4e5'.repeat(3)}abcdef`],
  ['a GitHub token', `ghs_${'a1B2c3D4e5'.repeat(3)}abcdef`],
  ['a GitHub token', `github_pat_${'11ABCDEFG0'.repeat(4)}`],
  ['a GitLab token', `glpat-${'x1Y2'.repeat(5)}`],
  ['an AWS access key', `AKIA${'ABCD2345'.repeat(2)}`],
  ['a Slack token', `xoxb-${'1234567890-'.repeat(2)}abc`],
  ['a Slack webhook', `https://hooks.slack.com/services/${'T000/B000/'.repeat(2)}XXXX`],
  ['a Stripe key', `sk_live_${'4eC39HqLyj'.repeat(2)}`],
  ['a Google API key', `AIza${'SyA1234567'.repeat(4)}`],
  ['an npm token', `npm_${'a1B2c3D4e5F6'.repeat(3)}`],
  ['an API key', `sk-ant-${'api03-abc_DEF'.repeat(3)}`],
  ['a JSON web token', `eyJ${'hbGciOiJIUzI1NiJ9'}.eyJ${'zdWIiOiIxMjM0In0'}.${'c2lnbmF0dXJl'}`],
  ['an Unleash API token', `*:production.${'0123456789abcdef'.repeat(3)}`],
  ['an Unleash API token', `default:development.${'0123456789abcdef'.repeat(3)}`],
  ['a URL with a password', `postgres://gate:${'hunter2'}@db.internal/metrics`],
  ['a private key', `-----BEGIN RSA ${'PRIVATE KEY'}-----`],
];

describe('pasted secrets (G12)', () => {
  test.each(SECRETS)('%s: %s is refused with its line and never repeated', (kind, secret) => {
    expect(findSecrets(secret).map((found) => found.kind)).toContain(kind);
    const quoted = JSON.stringify(secret);
    const places = [
      contractText({ hypothesis: `hypothesis: ${quoted}` }),
      contractText({ flag: `flag: ${quoted}` }),
      contractText({ design: `# token: ${secret}\ndesign: auto` }),
      contractText({ design: `${quoted}: 1` }),
      contractText({ design: `design: ${quoted} ]` }),
      contractText({ primary: `primary: { kpi: ${quoted}, at_least: "5% ${secret}" }` }),
    ];
    for (const text of places) {
      const { findings } = readText(text);
      const line = text.slice(0, text.indexOf(secret.slice(0, 12))).split('\n').length;
      expect(summaries(findings).some((summary) => summary.startsWith(`error secret contract.yml:${line}:`))).toBe(
        true,
      );
      const sources = new Map([['contract.yml', text]]);
      const printed = [
        JSON.stringify(findings),
        renderFindingsForTerminal(findings, { color: false, sources }),
        renderFindingsAsAnnotations(findings),
      ];
      for (const output of printed) expect(output).not.toContain(secret);
    }
  });

  test('is found behind the escapes of double quotes, and its escaped form is not quoted either', () => {
    const secret = SECRETS[0]![1];
    const escaped = `\\x67${secret.slice(1)}`;
    const { findings } = readText(contractText({ flag: `flag: "${escaped}!"` }));
    expect(summaries(findings)).toEqual([
      'error secret contract.yml:2:7 flag',
      'error invalid_value contract.yml:2:7 flag',
    ]);
    expect(JSON.stringify(findings)).not.toContain(secret.slice(1));
  });

  test('the body of a private key is not quoted by other findings', () => {
    const body = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC';
    for (const flag of [`flag: ${body}=`, `flag: x\n  ${body}`]) {
      const text = contractText({ hypothesis: `hypothesis: |\n  ${SECRETS.at(-1)![1]}\n  ${body}`, flag });
      const { findings } = readText(text);
      const sources = new Map([['contract.yml', text]]);
      const printed = renderFindingsForTerminal(findings, { color: false, sources });
      expect(printed).toContain('a private key');
      expect(printed).not.toContain(body);
    }
  });

  test.each([
    'Customers who skip the risk-assessment-of-new-quote-form-pages book more',
    'See https://example.org/docs/a:b and mail growth@example.org',
    'eyJust a word, AKIA and ghp_ alone',
    'task-force-alpha-beta-gamma-delta-epsilon',
    'A commit: 0123456789abcdef0123456789abcdef01234567',
    'docs/runbooks/booking.md',
  ])('%s is no secret', (text) => {
    expect(findSecrets(text)).toEqual([]);
    expect(maskSecrets(text)).toBe(text);
  });

  test.each(['eyJ-', 'sk-ant-', 'a:b.', 'a://a:', '-----BEGIN A', 'ghp_', '-', '_'])(
    '%s repeated is searched in linear time',
    (part) => {
      const started = performance.now();
      maskSecrets(part.repeat(Math.ceil((256 * 1024) / part.length)));
      expect(performance.now() - started).toBeLessThan(5_000);
    },
  );
});

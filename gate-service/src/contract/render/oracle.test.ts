import rehypeRaw from 'rehype-raw';
import rehypeSanitize, { defaultSchema } from 'rehype-sanitize';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import remarkRehype from 'remark-rehype';
import { unified } from 'unified';
import { describe, expect, it } from 'vitest';
import { escapeMarkdown, inlineCode, plainText } from './escape-markdown.ts';
import { renderForecastComment } from './forecast-comment.ts';
import { renderInterventionComment } from './intervention-comment.ts';
import { markdownTable } from './markdown-table.ts';
import { renderProgressComment } from './progress-comment.ts';
import { HOSTILE_STRINGS } from './testing/hostile-strings.ts';
import { changeWith, forecastInputWith, verdictWith } from './testing/hostile-views.ts';
import { renderVerdictComment } from './verdict-comment.ts';

/** What a renderer makes of our Markdown, as far as these tests look at it. */
interface Node {
  readonly type: string;
  readonly tagName?: string;
  readonly value?: string;
  readonly children?: readonly Node[];
}

const parser = unified().use(remarkParse).use(remarkGfm).use(remarkRehype, { allowDangerousHtml: true }).use(rehypeRaw);
// GitHub's own allow-list is where rehype-sanitize's default comes from.
const sanitizer = unified().use(rehypeSanitize, defaultSchema);

function render(markdown: string): { readonly raw: Node; readonly clean: Node } {
  const raw = parser.runSync(parser.parse(markdown));
  return { raw: raw as Node, clean: sanitizer.runSync(raw) as Node };
}

function elements(node: Node): string[] {
  const own = node.type === 'element' ? [node.tagName!] : [];
  return [...own, ...(node.children ?? []).flatMap(elements)];
}

/** Element names with their nesting; `span` only carries dollar signs. */
function skeleton(node: Node): string {
  const inner = (node.children ?? []).map(skeleton).join('');
  return node.type === 'element' && node.tagName !== 'span' ? `<${node.tagName}>${inner}</>` : inner;
}

function text(node: Node): string {
  return node.type === 'text' ? node.value! : (node.children ?? []).map(text).join('');
}

/** Runs of text as GitHub's filters see them: each text node outside of code. */
function prose(node: Node): string[] {
  if (node.tagName === 'code' || node.tagName === 'pre') return [];
  return node.type === 'text' ? [node.value!] : (node.children ?? []).flatMap(prose);
}

/** Patterns at least as wide as those that GitHub acts upon in rendered text. */
const ACTED_UPON: Readonly<Record<string, RegExp>> = {
  mention: /@[a-z0-9]/i,
  'issue reference': /#\d/,
  'issue reference by GH': /\bGH-\d/i,
  'custom autolink': /[A-Za-z]-\d/,
  'closing keyword': /\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(?:[\w./-]*#\d|https?:\/\/)/i,
  commit: /(?<![\w])[0-9a-f]{7,40}(?![\w])/i,
  address: /:\/\/|www\.|(?:mailto|xmpp|javascript):[a-z]/i,
  // Two digits are our own clock times, and no emoji's name.
  'emoji code': /:(?!\d\d:)[a-z0-9_+-]+:/i,
  formula: /\$\S[^$]*\$/,
};
const ALLOWED = new Set(
  'h2 h3 p strong em code pre ul ol li table thead tbody tr th td details summary span'.split(' '),
);

function expectInert(name: string, markdown: string, benign?: string): void {
  const { raw, clean } = render(markdown);
  const rendered = elements(clean);
  expect(
    rendered.filter((element) => !ALLOWED.has(element)),
    `${name}: elements`,
  ).toEqual([]);
  expect(rendered, `${name}: the sanitiser dropped something`).toEqual(elements(raw));
  for (const run of prose(clean)) {
    for (const [pattern, regex] of Object.entries(ACTED_UPON))
      expect(regex.exec(run), `${name}: ${pattern}`).toBeNull();
  }
  if (benign !== undefined) expect(skeleton(clean), `${name}: structure`).toBe(skeleton(render(benign).clean));
}

const show = (hostile: string) => JSON.stringify(hostile.slice(0, 60));
const cases = HOSTILE_STRINGS.map((hostile) => [show(hostile), hostile] as const);
const now = 1_793_796_900_000;

// The outputs of check runs are made of the same sections.
const RENDERERS: Readonly<Record<string, (hostile: string) => string>> = {
  // The second contract is laid out in another way, and slow to render: some of the corpus will do.
  forecast: (hostile) => {
    const input = forecastInputWith(hostile);
    const count = HOSTILE_STRINGS.indexOf(hostile) % 8 === 0 ? 2 : 1;
    return renderForecastComment({ ...input, forecasts: input.forecasts.slice(0, count) });
  },
  progress: (hostile) => renderProgressComment([changeWith(hostile)], { now }),
  verdict: (hostile) => renderVerdictComment(changeWith(hostile), verdictWith(hostile)),
  intervention: (hostile) => renderInterventionComment(changeWith(hostile), changeWith(hostile).interventions[0]!),
};

describe('foreign text is inert when rendered as GitHub renders it', () => {
  it('has a corpus that is worth the name', () => {
    expect(new Set(HOSTILE_STRINGS).size).toBeGreaterThanOrEqual(150);
  });

  it.each([
    '@octocat',
    'x #12',
    'fixes GH-1',
    '[a](https://example.com)',
    '![a](b)',
    '<img src=x>',
    '<script>x</script>',
    '4f1d2c3',
    'www.example.com',
    ':tada:',
    '$x$',
    '# x',
  ])('the oracle sees %s when it is not escaped', (hostile) => expect(() => expectInert('planted', hostile)).toThrow());

  it.each(cases)('escaped text %s', (name, hostile) => {
    const shape = (inner: string) =>
      `before ${inner} after\n\n${inner}\n\n- ${inner}\n\n${markdownTable([{ title: 'x' }, { title: 'y' }], [[inner, inner]])}`;
    const escaped = escapeMarkdown(hostile);
    expectInert(name, shape(escaped), shape(escaped === '' ? '' : 'word'));
    const shown = text(render(`before ${escaped} after`).clean).replaceAll('\u200b', '');
    const expected = `before ${plainText(hostile)} after`.replaceAll('\u200b', '');
    expect(shown.replace(/ +/g, ' '), 'shows what was written').toBe(expected.replace(/ +/g, ' '));
  });

  it.each(cases)('code %s', (name, hostile) => {
    const shape = (inner: string) =>
      `before ${inner} after\n\n- ${inner}\n\n${markdownTable([{ title: 'x' }, { title: 'y' }], [[inner, inner]])}`;
    const code = inlineCode(hostile);
    expectInert(name, shape(code), shape(code === '(empty)' ? code : '`word`'));
    const expected = plainText(hostile, 200);
    const shown = text(render(`before ${code} after`).clean);
    if (expected !== '') expect(shown.trim()).toBe(`before ${expected} after`);
  });

  for (const [kind, renderWith] of Object.entries(RENDERERS)) {
    it(`${kind}: every text of the corpus in every field`, { timeout: 120_000 }, () => {
      for (const hostile of HOSTILE_STRINGS) expectInert(`${kind} ${show(hostile)}`, renderWith(hostile));
    });
  }
});

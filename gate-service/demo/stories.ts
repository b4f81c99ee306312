/** How the visitors of one page behave: rates are probabilities, per visitor. */
export interface Behaviour {
  /** Share of visitors who do what the page is for, within two hours. */
  readonly converts: number;
  /** Share of visitors whose request fails with an error. */
  readonly fails: number;
  /** Median time until the page is shown; absent where nobody measures it. */
  readonly medianMs?: number;
  /** Median price of what is bought, in EUR; absent where nobody adds it up. */
  readonly medianEur?: number;
}

export interface Story {
  readonly name: 'passes' | 'hurts' | 'too-small' | 'goes-dark';
  readonly title: string;
  readonly pullRequest: number;
  readonly slug: string;
  readonly flag: string;
  /** Events of this page start with this word, so that the four streams of visitors are disjoint. */
  readonly page: string;
  readonly visitorsPerMinute: number;
  readonly control: Behaviour;
  readonly treatment: Behaviour;
  /** Hours into the week after which the page's metrics stop; null when they never do. */
  readonly metricsStopAfterHours: number | null;
  readonly contract: string;
}

const contract = (lines: readonly string[]) => `${lines.join('\n')}\n`;

/** Four changes of one week at Sparky Electric, each on its own page. */
export const STORIES: readonly Story[] = [
  {
    name: 'passes',
    title: 'Shorten the quote form',
    pullRequest: 101,
    slug: 'short-quote-form',
    flag: 'short-quote-form',
    page: 'quote',
    visitorsPerMinute: 2,
    control: { converts: 0.2, fails: 0.01, medianMs: 400, medianEur: 180 },
    treatment: { converts: 0.235, fails: 0.01, medianMs: 390, medianEur: 180 },
    metricsStopAfterHours: null,
    contract: contract([
      'hypothesis: A shorter quote form gets more visitors to book',
      'flag: short-quote-form',
      'primary: { kpi: quote_booking, at_least: +5% }',
      'leading: { kpi: quote_errors }',
      'guardrails:',
      '  - { kpi: quote_errors, no_worse_than: 1pp }',
      '  - { kpi: quote_latency, no_worse_than: 10%, must_be_non_inferior: true }',
      '  - { kpi: quote_revenue, no_worse_than: 10% }',
      'prediction: { delta: +15%, basis: "usability test with 12 customers" }',
    ]),
  },
  {
    name: 'hurts',
    title: 'Show instant prices',
    pullRequest: 102,
    slug: 'instant-price',
    flag: 'instant-price',
    page: 'price',
    visitorsPerMinute: 2,
    control: { converts: 0.3, fails: 0.02 },
    treatment: { converts: 0.2, fails: 0.16 },
    metricsStopAfterHours: null,
    contract: contract([
      'hypothesis: A price on the spot saves a phone call',
      'flag: instant-price',
      'primary: { kpi: price_booking, at_least: +5% }',
      'leading: { kpi: price_errors }',
      'guardrails: [{ kpi: price_errors, no_worse_than: 1pp }]',
      'prediction: { delta: +10%, basis: "three competitors do it" }',
    ]),
  },
  {
    name: 'too-small',
    title: 'Reword the panel upgrade page',
    pullRequest: 103,
    slug: 'panel-upgrade-words',
    flag: 'panel-upgrade-words',
    page: 'panel',
    visitorsPerMinute: 0.03,
    control: { converts: 0.15, fails: 0 },
    treatment: { converts: 0.17, fails: 0 },
    metricsStopAfterHours: null,
    contract: contract([
      'hypothesis: Plain words about panel upgrades get more requests',
      'flag: panel-upgrade-words',
      'primary: { kpi: panel_request, at_least: +10% }',
      'leading: { kpi: panel_request }',
      'prediction: { delta: +13%, basis: "the office thinks so" }',
    ]),
  },
  {
    name: 'goes-dark',
    title: 'Offer text reminders',
    pullRequest: 104,
    slug: 'text-reminders',
    flag: 'text-reminders',
    page: 'reminder',
    visitorsPerMinute: 1,
    control: { converts: 0.4, fails: 0.01 },
    treatment: { converts: 0.44, fails: 0.01 },
    metricsStopAfterHours: 60,
    contract: contract([
      'hypothesis: Text reminders keep appointments from being cancelled',
      'flag: text-reminders',
      'primary: { kpi: reminder_booking, at_least: +5% }',
      'leading: { kpi: reminder_errors }',
      'guardrails: [{ kpi: reminder_errors, no_worse_than: 1pp }]',
      'prediction: { delta: +10%, basis: "pilot with 40 appointments" }',
    ]),
  },
];

/** The KPI registry of Sparky Electric: what each page is for, and its errors; of quotes the speed and the revenue too. */
export const REGISTRY = `${STORIES.flatMap(({ page, title, name }) => [
  kpi(page === 'panel' ? 'panel_request' : `${page}_booking`, [
    `title: ${page === 'panel' ? 'Panel upgrade requests' : `Bookings from the ${page} page`}`,
    `definition: Share of visitors of the ${page} page who ${page === 'panel' ? 'ask for an upgrade' : 'book a job'} within two hours`,
    'direction: increase_is_good',
    `measure: { source: web, type: proportion, of: ${page}_viewed, success: ${page}_done, within: 2h }`,
  ]),
  ...(name === 'too-small'
    ? []
    : [
        kpi(`${page}_errors`, [
          `title: Errors on the ${page} page`,
          `definition: Share of requests of the ${page} page that fail (${title.toLowerCase()})`,
          'direction: decrease_is_good',
          `measure: { source: web, type: proportion, of: ${page}_viewed }`,
        ]),
      ]),
]).join('')}${kpi(
  'quote_latency',
  [
    'title: Slow quotes',
    'definition: 95th percentile of the time until the quote page is shown',
    'direction: decrease_is_good',
    'measure: { source: web, type: quantile, of: quote_viewed, quantile: p95 }',
  ],
  'ms',
)}${kpi(
  'quote_revenue',
  [
    'title: Revenue per quote visitor',
    'definition: What a visitor of the quote page books for within two hours, all visitors counted',
    'direction: increase_is_good',
    'measure: { source: web, type: mean, of: quote_viewed, value_of: quote_done, within: 2h, cap: 2000 }',
  ],
  'EUR',
)}`;

function kpi(id: string, lines: readonly string[], unit = 'ratio'): string {
  return `${id}:\n${[...lines, 'owner: office', `unit: ${unit}`].map((line) => `  ${line}\n`).join('')}`;
}

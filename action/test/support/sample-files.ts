/** The files of a small shop, as its repository holds them. */
export const REGISTRY = `booking_conversion:
  title: Booking conversion
  definition: Share of quote visitors who book a job online
  owner: growth-team
  unit: ratio
  direction: increase_is_good
  measure: { source: web, type: proportion, of: quote_viewed, success: job_booked, within: 24h }
quotes_started:
  title: Quotes started
  definition: Share of quote visitors who start the form
  owner: growth-team
  unit: ratio
  direction: increase_is_good
  measure: { source: web, type: proportion, of: quote_viewed, success: quote_started, within: 1h }
quote_error_rate:
  title: Quote errors
  definition: Share of quote requests that end in an error
  owner: web-team
  unit: ratio
  direction: decrease_is_good
  measure: { source: web, type: proportion, of: quote_requested }
`;

export const CONTRACT = `hypothesis: A shorter quote form gets more visitors to book
flag: short-quote-form
primary: { kpi: booking_conversion, at_least: +5% }
leading: { kpi: quotes_started }
guardrails: [{ kpi: quote_error_rate, no_worse_than: 0.5pp }]
prediction: { delta: +8%, basis: "usability test with 12 customers" }
`;

/** An effect without a unit, and a key that nobody knows. */
export const BROKEN_CONTRACT = CONTRACT.replace('+5%', '+5').replace('leading:', 'leader:');

export const CONTRACT_PATH = '.changegate/changes/short-quote-form.yml';
export const REGISTRY_PATH = '.changegate/kpis.yml';

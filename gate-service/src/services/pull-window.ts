import { WATERMARK_MINUTES } from '../domain/decision/run-look.ts';
import { type Change, windowEnd } from '../domain/model/change.ts';
import { watchedMetricsOf } from '../domain/model/metric.ts';
import { addSpan, answeredUntil, type MinuteSpan } from '../domain/model/source-record.ts';
import type { Tally } from '../domain/model/tally.ts';
import { type EpochMs, minuteOf } from '../domain/model/time.ts';
import { VARIANTS, type Variant } from '../domain/model/variant.ts';
import type { SourceBucket } from '../ports/metric-source.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { type AnsweredPart, inquire } from './ask-source.ts';
import type { Gate } from './gate.ts';
import { bucketsIn, emptyRecord, noteAnswer } from './keep-answers.ts';
import { askInTime } from './pull-in-time.ts';
import { hasAsked, type PulledParts } from './pull-sources.ts';

/** Two answers about the same minutes may differ by this part of an arm's trials and are still the same (row A19). */
const SAME_SHARE = 0.01;

/**
 * Asks the sources of a change for its whole window once more before the verdict: what came late is counted, and a gap that
 * a look met is closed where it can be.
 * @returns null while a source has not answered yet
 */
export async function pullWindow(gate: Gate, change: Change): Promise<PulledParts | null> {
  const { changeId, effectiveAt } = change;
  const end = windowEnd(change);
  if (effectiveAt === null || end === null || !hasAsked(gate, change)) return new Map();
  const now = minuteOf(gate.business.now());
  const asked = await gate.store.transaction(async (tx) => {
    const requests = [];
    for (const { kpi } of watchedMetricsOf(change)) {
      const source = await tx.sources.sourceOf(changeId, kpi.id);
      const span = { from: effectiveAt, to: Math.min(end, now - kpi.measure.withinMinutes - WATERMARK_MINUTES) };
      if (source === null || span.to <= span.from) continue;
      const common = { since: effectiveAt, bucketMinutes: 1, order: 'all' } as const;
      const run = () => inquire(gate, { source, kpi, changeId, span, ...common });
      requests.push({ key: `window:${changeId}:${kpi.id}`, source, kpiId: kpi.id, run });
    }
    return requests;
  });
  const answers = await askInTime(gate, asked, undefined, true);
  if (asked.some(({ key }) => answers.get(key) == null)) return null;
  return new Map(asked.map(({ key, kpiId }) => [kpiId, answers.get(key) ?? []]));
}

/** Keeps what `pullWindow` was told, in the verdict's own transaction, before the evidence is collected. */
export async function keepWindow(gate: Gate, tx: StoreTransaction, change: Change, pulled: PulledParts): Promise<void> {
  for (const [kpiId, parts] of pulled) await keepWhole(tx, change.changeId, kpiId, parts, gate.business.now());
}

/**
 * What the source says now takes the place of what it said at the looks, whose own record of consumed minutes stays as it
 * is. Only a source that has lost trials since keeps none of them: then what it said at the time stands.
 */
async function keepWhole(
  tx: StoreTransaction,
  changeId: string,
  kpiId: string,
  parts: readonly AnsweredPart[],
  now: EpochMs,
): Promise<void> {
  const source = await tx.sources.sourceOf(changeId, kpiId);
  if (source === null) return;
  let record = (await tx.sources.find(changeId, kpiId)) ?? emptyRecord(source);
  const known = record.spans;
  const isKnown = (minute: number) => answeredUntil(known, minute) > minute;
  const before = noTotals();
  const after = noTotals();
  const said: { readonly span: MinuteSpan; readonly buckets: readonly SourceBucket[] }[] = [];
  for (const { span, answer } of parts) {
    record = noteAnswer(record, answer, now);
    if (answer.status !== 'ok') continue;
    const whole = { from: span.from, to: answer.completeUntil };
    const buckets = bucketsIn(answer, whole);
    said.push({ span: whole, buckets });
    for (const { minute, variant, tally } of buckets)
      if (variant !== null && isKnown(minute)) add(after[variant], tally);
    for (const { minute, off, on } of await tx.events.tallies(changeId, kpiId, whole.from, whole.to)) {
      if (!isKnown(minute)) continue;
      add(before.off, off);
      add(before.on, on);
    }
  }
  const hasLost = VARIANTS.some((variant) => after[variant].n < before[variant].n * (1 - SAME_SHARE));
  for (const { span, buckets } of said) {
    for (const piece of hasLost ? piecesUnknown(span, known) : [span]) {
      const own = buckets.filter(({ minute }) => minute >= piece.from && minute < piece.to);
      await tx.sources.putBuckets(changeId, kpiId, piece, own);
    }
    record = { ...record, spans: addSpan(record.spans, span) };
  }
  if (said.length > 0) record = { ...record, disagreement: disagreementOf(source, before, after, hasLost) };
  await tx.sources.remember(changeId, kpiId, record);
}

interface Total {
  n: number;
  /** Outcomes, or amounts in steps. */
  y: number;
}
type Totals = Readonly<Record<Variant, Total>>;

function noTotals(): Totals {
  return { off: { n: 0, y: 0 }, on: { n: 0, y: 0 } };
}

function add(total: Total, { n, y }: Pick<Tally, 'n' | 'y'>): void {
  total.n += n;
  total.y += y;
}

/** The parts of a span that nothing was known of. */
function piecesUnknown(span: MinuteSpan, known: readonly MinuteSpan[]): readonly MinuteSpan[] {
  const pieces: MinuteSpan[] = [];
  let from = span.from;
  for (const one of known) {
    if (one.to <= from || one.from >= span.to) continue;
    if (one.from > from) pieces.push({ from, to: one.from });
    from = Math.max(from, one.to);
  }
  if (from < span.to) pieces.push({ from, to: span.to });
  return pieces;
}

function disagreementOf(source: string, before: Totals, after: Totals, hasLost: boolean): string | null {
  const differs = (part: 'n' | 'y') =>
    VARIANTS.some((arm) => Math.abs(after[arm][part] - before[arm][part]) > before[arm][part] * SAME_SHARE);
  if (!differs('n'))
    return differs('y')
      ? `${source} now tells otherwise what came of the same trials: what it says now was judged.`
      : null;
  const counts = `${after.on.n} trials with the change and ${after.off.n} without, and said ${before.on.n} and ${before.off.n} at the looks`;
  return hasLost
    ? `${source} now says ${counts}: it has lost some, so what it said at the looks was judged.`
    : `${source} now says ${counts}: what it says now was judged.`;
}

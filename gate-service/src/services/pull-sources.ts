import type { Kpi } from '../contract/kpi-registry.ts';
import type { SourceStatus } from '../domain/decision/assess-signal.ts';
import { consumableUntil, type MetricLookInput, WATERMARK_MINUTES } from '../domain/decision/run-look.ts';
import type { Change } from '../domain/model/change.ts';
import { metricsOf, watchedMetricsOf } from '../domain/model/metric.ts';
import { answeredUntil, type SourceFailure } from '../domain/model/source-record.ts';
import { type EpochMinute, minuteOf } from '../domain/model/time.ts';
import type { SourceFault } from '../ports/metric-source.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { type AnsweredPart, inquire } from './ask-source.ts';
import type { Gate } from './gate.ts';
import { keepAnswers } from './keep-answers.ts';
import { askInTime, type ErrandRequest } from './pull-in-time.ts';

/** Waiting mends none of these: people are told at once. */
const LASTING: readonly string[] = ['unauthorised', 'not_configured', 'bad_query'] satisfies readonly SourceFault[];

/** By KPI, what its source said since the last look. */
export type PulledParts = ReadonlyMap<string, readonly AnsweredPart[]>;

/** Whether a KPI is asked of a source; every other one is fed by events. */
export function isAsked({ sources }: Pick<Gate, 'sources'>, { measure }: Kpi): boolean {
  return sources.has(measure.source);
}

/** Names of the sources that are asked, as the store wants them. */
export function askedSources({ sources }: Pick<Gate, 'sources'>): ReadonlySet<string> {
  return new Set(sources.keys());
}

/** Whether any KPI of the change may be asked of a source, also of one that is not configured any more. */
export function hasAsked({ options }: Pick<Gate, 'options'>, { kpis }: Pick<Change, 'kpis'>): boolean {
  return kpis.some(({ measure }) => !options.eventSources.includes(measure.source));
}

/**
 * Asks the sources of a started change for the minutes that nothing is known of yet and whose outcomes are complete. Each
 * look asks for its own change only; the store is not held meanwhile.
 */
export async function pullForLook(gate: Gate, change: Change): Promise<PulledParts> {
  const { changeId, effectiveAt } = change;
  if (effectiveAt === null || !hasAsked(gate, change)) return new Map();
  const now = gate.business.now();
  const asked = await gate.store.transaction(async (tx) => {
    const requests: (ErrandRequest & { readonly kpiId: string })[] = [];
    for (const { kpi } of watchedMetricsOf(change)) {
      const source = await tx.sources.sourceOf(changeId, kpi.id);
      if (source === null) continue;
      const spans = (await tx.sources.find(changeId, kpi.id))?.spans ?? [];
      const span = {
        from: answeredUntil(spans, effectiveAt),
        to: consumableUntil({ ...change, effectiveAt }, { kpi }, now),
      };
      if (span.to <= span.from) continue;
      const inquiry = {
        source,
        kpi,
        changeId,
        span,
        since: effectiveAt,
        bucketMinutes: 1,
        order: 'forwards',
      } as const;
      requests.push({ key: `look:${changeId}:${kpi.id}`, source, kpiId: kpi.id, run: () => inquire(gate, inquiry) });
    }
    return requests;
  });
  const answers = await askInTime(gate, asked);
  return new Map(asked.map(({ key, kpiId }) => [kpiId, answers.get(key) ?? []]));
}

/** Keeps what `pullForLook` was told, in the look's own transaction. */
export async function keepPulled(gate: Gate, tx: StoreTransaction, change: Change, pulled: PulledParts): Promise<void> {
  if (change.effectiveAt === null) return;
  for (const [kpiId, parts] of pulled)
    await keepAnswers(tx, change.changeId, kpiId, change.effectiveAt, parts, gate.business.now());
}

/** What a look is told of a KPI that is asked of a source; null for one that events feed. */
export async function sourceStatusOf(
  tx: StoreTransaction,
  { changeId }: Pick<Change, 'changeId'>,
  kpiId: string,
  nextMinute: EpochMinute,
): Promise<Pick<MetricLookInput, 'source' | 'until' | 'lastSeen'> | null> {
  if ((await tx.sources.sourceOf(changeId, kpiId)) === null) return null;
  const record = await tx.sources.find(changeId, kpiId);
  return {
    source: statusOf(record?.failure ?? null),
    until: answeredUntil(record?.spans ?? [], nextMinute),
    lastSeen: record?.lastSeen ?? { kpi: null, change: null },
  };
}

function statusOf(failure: SourceFailure | null): SourceStatus {
  if (failure === null) return { status: 'ok' };
  const { status, fault, detail } = failure;
  return { status: 'error', signal: status, detail: `${fault}: ${detail}`, lasting: LASTING.includes(fault) };
}

/** How far each KPI of a change that has not started was asked; the window starts with what is found after it. */
type Probed = Readonly<Record<string, EpochMinute>>;
const probedKey = (changeId: string) => `probed:${changeId}`;

export interface FirstTreatment {
  /** Earliest minute with a trial of the treatment; null while there is none. */
  readonly first: EpochMinute | null;
  readonly probed: Probed;
}

/**
 * When an activated change was first served, by the sources of its primary, leading and guardrail KPIs. Events say so
 * themselves: asked only where the contract names none of their KPIs.
 * @returns null when it is for the events to say
 */
export async function pullFirstTreatment(gate: Gate, change: Change): Promise<FirstTreatment | null> {
  const { changeId, activatedAt, effectiveAt } = change;
  const metrics = metricsOf(change);
  if (effectiveAt !== null || activatedAt === null || !metrics.every(({ kpi }) => isAsked(gate, kpi))) return null;
  const known = await gate.store.transaction((tx) => readProbed(tx, changeId));
  const to = minuteOf(gate.business.now()) - WATERMARK_MINUTES;
  const asked = metrics.flatMap(({ kpi }) => {
    const span = { from: known[kpi.id] ?? minuteOf(activatedAt), to };
    const inquiry = {
      source: kpi.measure.source,
      kpi,
      changeId,
      span,
      since: minuteOf(activatedAt),
      bucketMinutes: 1,
      order: 'forwards',
    } as const;
    const run = () => inquire(gate, inquiry);
    return to <= span.from
      ? []
      : [{ key: `first:${changeId}:${kpi.id}`, source: inquiry.source, kpiId: kpi.id, span, run }];
  });
  const answers = await askInTime(gate, asked);
  let first: EpochMinute | null = null;
  const probed: Record<string, EpochMinute> = { ...known };
  for (const { key, kpiId } of asked) {
    for (const { answer } of answers.get(key) ?? []) {
      if (answer.status !== 'ok') {
        gate.log.warn({ change_id: changeId, kpi: kpiId, fault: answer.fault }, 'a source did not answer');
        continue;
      }
      probed[kpiId] = Math.max(probed[kpiId] ?? 0, answer.completeUntil);
      for (const { minute, variant, tally } of answer.buckets)
        if (variant === 'on' && tally.n > 0) first = Math.min(first ?? minute, minute);
    }
  }
  return { first, probed };
}

async function readProbed(tx: StoreTransaction, changeId: string): Promise<Probed> {
  return JSON.parse((await tx.settings.get(probedKey(changeId))) ?? '{}') as Probed;
}

export async function keepProbed(tx: StoreTransaction, changeId: string, { probed }: FirstTreatment): Promise<void> {
  await tx.settings.put(probedKey(changeId), JSON.stringify(probed));
}

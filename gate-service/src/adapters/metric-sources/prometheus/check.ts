import type { Kpi } from '../../../contract/kpi-registry.ts';
import { nearest } from '../../../contract/nearest.ts';
import { formatMinute, minuteOf } from '../../../domain/model/time.ts';
import type { SourceFinding } from '../../../ports/metric-source.ts';
import { NamesSchema } from './answers.ts';
import { instant, requireAlive, requireOneReplica, requireType } from './companions.ts';
import type { PrometheusConfig } from './config.ts';
import { PrometheusFault } from './fault.ts';
import type { PrometheusClient, Session } from './http-client.ts';
import { type Plan, planOf } from './plan.ts';
import { oldestQuery, samplesQuery } from './queries.ts';
import { retentionDays } from './retention.ts';

/** History that forecasts are made from. */
const HISTORY_DAYS = 84;
const DAY_MS = 86_400_000;
const WEEK_MINUTES = 10_080;

/** Everything that can be known before the first question. Never throws. */
export async function checkPrometheus(
  config: PrometheusConfig,
  client: PrometheusClient,
  kpi: Kpi,
  nowMs: number,
): Promise<readonly SourceFinding[]> {
  const session = client.open();
  try {
    const plan = planOf(config, kpi);
    const findings: SourceFinding[] = [ok('configuration', `What ${kpi.id} needs is configured.`)];
    const alive = await finding('metric', async () => {
      const at = await requireAlive(session, config, plan, nowMs);
      return `${names(plan)}: last sampled at ${formatMinute(minuteOf(at))}.`;
    });
    findings.push(alive.status === 'failed' ? await withNearest(alive, session, plan) : alive);
    findings.push(
      await finding('type', async () =>
        (await requireType(session, plan))
          ? `The server says ${plan.expected}.`
          : unknown('The server does not tell types.'),
      ),
      await finding('replicas', async () => {
        await requireOneReplica(session, config, plan, nowMs);
        return 'Everything is there once.';
      }),
      await finding('labels', () => labelsOf(session, config, plan, nowMs)),
      await finding('oldest sample', () => oldestOf(session, config, plan, nowMs)),
    );
    return findings;
  } catch (error) {
    return [{ check: 'configuration', status: 'failed', detail: (error as Error).message }];
  } finally {
    session.close();
  }
}

interface Unknown {
  readonly unknown: string;
}

async function finding(check: string, look: () => Promise<string | Unknown>): Promise<SourceFinding> {
  try {
    const found = await look();
    return typeof found === 'string' ? ok(check, found) : { check, status: 'unknown', detail: found.unknown };
  } catch (error) {
    const detail = error instanceof PrometheusFault ? error.message : String(error);
    return { check, status: 'failed', detail };
  }
}

function ok(check: string, detail: string): SourceFinding {
  return { check, status: 'ok', detail };
}

function unknown(text: string): Unknown {
  return { unknown: text };
}

function names({ alive }: Plan): string {
  return alive.map(({ metric }) => metric).join(', ');
}

/** Whether series say which change and variant they are of; before the first change none can. */
async function labelsOf(session: Session, { labels }: PrometheusConfig, plan: Plan, nowMs: number) {
  const [selector] = plan.alive;
  const { change_id, version_flag } = labels;
  const labelled = {
    ...selector,
    matchers: [
      ...selector.matchers,
      ...[change_id, version_flag].map((label) => ({ label, op: '!=' as const, value: '' })),
    ],
  };
  const shape = { by: [], bucketMinutes: WEEK_MINUTES, lookbackMinutes: 1 };
  const [found] = await instant(session, (quote) => samplesQuery(labelled, shape, quote), nowMs);
  return found && found.value > 0
    ? `There are series with ${change_id} and ${version_flag}.`
    : unknown(`No series of the last week has both ${change_id} and ${version_flag}; a change needs them.`);
}

async function oldestOf(session: Session, config: PrometheusConfig, plan: Plan, nowMs: number) {
  const [found] = await instant(session, (quote) => oldestQuery(plan.alive[0], HISTORY_DAYS, quote), nowMs);
  const days = await retentionDays(session, config);
  const kept =
    days === null ? 'how long samples are kept is not known (retention_days)' : `samples are kept for ${days} days`;
  if (!found || Number.isNaN(found.value)) return unknown(`No sample in ${HISTORY_DAYS} days; ${kept}.`);
  const age = (nowMs - found.value * 1000) / DAY_MS;
  const detail = `The oldest sample is ${age.toFixed(1)} days old; ${kept}.`;
  if (days !== null && days < 8)
    throw new PrometheusFault('retention', `${detail} A window of 7 days needs more than that.`);
  return detail;
}

async function withNearest(failed: SourceFinding, session: Session, { alive }: Plan): Promise<SourceFinding> {
  try {
    const known = await session.get('/api/v1/label/__name__/values', {}, NamesSchema);
    const missing = alive.find(({ metric }) => !known.includes(metric));
    const alike = missing ? nearest(missing.metric, known) : [];
    return alike.length === 0 ? failed : { ...failed, detail: `${failed.detail} Alike: ${alike.join(', ')}.` };
  } catch {
    return failed;
  }
}

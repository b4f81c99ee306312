import type { ChangeContract } from '../../contract/change-contract.ts';
import { GateError } from '../../contract/gate-error.ts';
import type { Kpi } from '../../contract/kpi-registry.ts';
import { longestWithin, SETTLE_MINUTES } from '../../domain/model/change.ts';
import { eventsOf, isConversion } from '../../domain/model/measure.ts';
import { minuteOf } from '../../domain/model/time.ts';
import { type Replay, replayChange } from '../../domain/replay/replay-change.ts';
import { REPLAY_COMMIT, REPLAY_REPOSITORY } from '../../domain/replay/replay-evidence.ts';
import { contractHash, kpisHash, makeChangeId } from '../../services/hashes.ts';
import { neededFields } from './cells.ts';
import type { FieldMap } from './fields.ts';
import { READ_LIMITS } from './limits.ts';
import type { Vocabulary } from './parse-value.ts';
import type { FileSource } from './read-rows.ts';
import { kpiPosition, selectKpis } from './select-kpis.ts';
import { type Survey, surveyFile } from './survey.ts';
import { type TalliedFile, tallyFile, type WindowSpan } from './tally.ts';

export interface ReplayRequest {
  readonly contract: ChangeContract;
  readonly contractPath: string;
  readonly kpis: readonly Kpi[];
  readonly source: FileSource;
  readonly maps: readonly FieldMap[];
  readonly vocabulary: Vocabulary;
  /** The KPI of rows that name none; null: the primary. */
  readonly kpiId: string | null;
  /** The KPIs of the contract that are replayed; null: all. */
  readonly only: readonly string[] | null;
  /** The true share of the treatment; null: the contract's. */
  readonly share: number | null;
  readonly utc: boolean;
}

export interface ReplayedFile {
  readonly contract: ChangeContract;
  readonly kpis: readonly Kpi[];
  readonly leftOut: readonly string[];
  readonly source: FileSource;
  readonly survey: Survey;
  readonly tallied: TalliedFile;
  readonly span: WindowSpan;
  readonly isShareStated: boolean;
  readonly replay: Replay;
}

/** Replays a change on a file of what happened: reads the file twice, then judges what it counted. */
export async function replayFile(request: ReplayRequest, limits = READ_LIMITS): Promise<ReplayedFile> {
  const { source, maps, share } = request;
  const selected = selectKpis(request.contract, request.kpis, request.only);
  const { kpis, leftOut } = selected;
  const contract = share === null ? selected.contract : withShare(selected.contract, share);
  const defaultKpi = kpiPosition(kpis, request.kpiId ?? contract.primary.kpi, '--kpi');
  for (const { kpiId } of maps) if (kpiId !== null) kpiPosition(kpis, kpiId, '--map outcome');
  const { vocabulary, utc } = request;
  const survey = await surveyFile(source, maps, { kpis, defaultKpi, utc, vocabulary }, limits);
  refuseCountedEvents(survey, kpis, source.name);
  const start = minuteOf(survey.firstOn);
  const end = start + contract.windowMinutes;
  const span = { start, end, last: end + longestWithin({ kpis }) + SETTLE_MINUTES };
  const tallied = await tallyFile(source, maps, survey, { kpis, cohorts: contract.cohorts ?? [] }, span, limits);
  const hashes = { contract: contractHash(contract), kpis: kpisHash(kpis) };
  const replay = replayChange({
    contract,
    kpis,
    hashes: {
      ...hashes,
      changeId: makeChangeId(REPLAY_REPOSITORY, null, REPLAY_COMMIT, `${hashes.contract}\n${start}`),
    },
    contractPath: request.contractPath,
    startMinute: start,
    lastMinute: minuteOf(survey.last),
    data: tallied.data,
    counts: tallied.counts,
  });
  return { contract, kpis, leftOut, source, survey, tallied, span, isShareStated: share !== null, replay };
}

/** What was recorded is what is judged; a throttle would still have gone lower. */
function withShare(contract: ChangeContract, start: number): ChangeContract {
  return { ...contract, rollout: { ...contract.rollout, start } };
}

/**
 * Events that are counted or added up are no rows of their own: to take a trial's own status for its outcome would show
 * any rate but the right one.
 */
function refuseCountedEvents({ others }: Survey, kpis: readonly Kpi[], name: string): void {
  const refused = kpis.flatMap(({ id, measure }) =>
    eventsOf(measure).flatMap((event) => (event !== measure.of && others.has(event) ? [{ id, event, measure }] : [])),
  );
  const [kpi] = refused;
  if (kpi === undefined) return;
  const [is, column] = isConversion(kpi.measure)
    ? ['the success of', `an outcome column that says whether ${kpi.event} followed`]
    : ['counted in', `what follows from ${kpi.event} in its ${neededFields(kpi).join(' and ')}`];
  throw new GateError(
    'invalid_input',
    `${name} has rows of ${kpi.event}, ${is} ${kpi.id}; in a replay each row is a trial with its own outcome.`,
    `Export one row for each ${kpi.measure.of}, with ${column}.`,
  );
}

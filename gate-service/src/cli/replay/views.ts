import { type ChangeView, type VerdictView, VerdictViewSchema } from '../../contract/api/change.ts';
import { type ForecastView, ForecastViewSchema } from '../../contract/api/forecast.ts';
import { COMMENT_LIMIT, fitSections } from '../../contract/render/fit.ts';
import { verdictSections } from '../../contract/render/verdict-comment.ts';
import { toWire } from '../../contract/wire-case.ts';
import { minuteOf } from '../../domain/model/time.ts';
import type { ReplayedFile } from './replay-file.ts';

/** The forecast as the service would have shown it. */
export function forecastView({ replay }: ReplayedFile): ForecastView {
  return ForecastViewSchema.parse(toWire(replay.forecast));
}

export function verdictView({ replay }: ReplayedFile): VerdictView {
  const { verdict, evidence } = replay;
  const { judgedAt, ruleVersion, ledgerHead } = evidence;
  return VerdictViewSchema.parse(toWire({ ...verdict, revision: 1, madeAt: judgedAt, ruleVersion, ledgerHead }));
}

/** A change that only a file knows: never stamped, its flag as the file recorded it. */
function changeView(file: ReplayedFile): ChangeView {
  const { replay, contract, span } = file;
  const { change, phases, judgedAt } = replay.evidence;
  return {
    change_id: change.changeId,
    repository: change.repository,
    pull_request: null,
    commit_sha: change.commitSha,
    contract_path: change.contractPath,
    contract_hash: change.contractHash,
    kpis_hash: change.kpisHash,
    flag: contract.flag,
    hypothesis: contract.hypothesis,
    state: 'judged',
    observe_only: contract.stop.adverse === 'observe',
    rollout_start: contract.rollout.start,
    stamped_at: change.stampedAt,
    activated_at: change.activatedAt,
    activation: { accepted_at: null, published_at: null, effective_at: null },
    effective_at: span.start,
    window_minutes: contract.windowMinutes,
    window_end: span.end,
    judge_due_at: minuteOf(judgedAt),
    phases: toWire(phases) as ChangeView['phases'],
    looks: toWire(replay.days.at(-1)?.looks ?? []) as ChangeView['looks'],
    interventions: [],
    verdicts: [],
    decisions: [],
  };
}

/** Sections of the comment that speak of what a replay lacks: a ledger, and a flag that was touched. */
const NOT_IN_A_REPLAY: ReadonlySet<string> = new Set(['proof', 'interventions']);

/** The verdict comment (Markdown) as it would stand on the pull request, but for what a file cannot have. */
export function replayComment(file: ReplayedFile): string {
  const sections = verdictSections(changeView(file), verdictView(file), { contract: file.contract });
  const acts = { name: 'interventions', text: interventions(file), importance: 0 };
  const proof = { name: 'proof', text: PROOF, importance: 0 };
  const shown = sections.flatMap((section) => {
    if (section.name === 'interventions') return [acts];
    if (section.name === 'next steps') return [{ ...section, text: withoutDecide(section.text) }];
    return NOT_IN_A_REPLAY.has(section.name) ? [] : [section];
  });
  return fitSections([...shown, proof], COMMENT_LIMIT);
}

/** There is no change in any gate service to decide about. */
function withoutDecide(text: string): string {
  return text
    .split('\n')
    .filter((line) => !line.includes('changegate decide'))
    .join('\n');
}

const PROOF =
  '### Proof\n\nThis verdict was computed from a file, so no ledger stands behind it. `--evidence evidence.json` keeps what it rests on, and `changegate recompute evidence.json` computes it again from that alone.';

function interventions({ replay }: ReplayedFile): string {
  const alarms = replay.days.flatMap((day) => day.alarms);
  const acts = alarms.map(({ step }) =>
    step === null ? null : `Changegate would have ${doneWord(step.kind)} here. ${step.reason}`,
  );
  const lines = acts.filter((act) => act !== null);
  if (lines.length === 0) return '### Interventions\n\nNone: Changegate would have touched nothing.';
  return `### Interventions\n\n${lines.map((line) => `- ${line.replaceAll('_', '\\_')}`).join('\n')}\n\nThe file goes on at its recorded share, so this verdict is on what was recorded. Live, a change that is turned off for harm fails at once, and one that stays throttled cannot pass.`;
}

/** "throttled" or "turned the flag off". */
export function doneWord(kind: 'throttle' | 'turn_off'): string {
  return kind === 'throttle' ? 'throttled' : 'turned the flag off';
}

/** The evidence pack, in the format that `changegate recompute` reads. */
export function evidencePack({ replay }: ReplayedFile): Record<string, unknown> {
  return {
    schema: 'changegate/evidence/v1',
    change_id: replay.evidence.change.changeId,
    revision: 1,
    evidence: toWire(replay.evidence),
    verdict: toWire(replay.verdict),
  };
}

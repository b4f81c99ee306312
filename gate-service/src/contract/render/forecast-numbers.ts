import type { ForecastView } from '../api/forecast.ts';
import type { ChangeContract } from '../change-contract.ts';
import { fastRuleInWords } from './contract-words.ts';
import { inlineCode } from './escape-markdown.ts';
import { formatCount, formatEstimate, formatShare, formatThreshold } from './format-number.ts';
import { formatMinutes, formatWeeks, formatWindow } from './format-time.ts';
import { countedWords, levelText } from './level-text.ts';
import { type Column, markdownTable } from './markdown-table.ts';
import { shareBar } from './text-chart.ts';

/** Why a number is missing: there is no history, or with one there is no method for it (a gauge, a change for everybody). */
function missing({ primary }: ForecastView): string {
  return primary.history_weeks > 0 ? 'not known' : 'unknown: no history';
}

/** What the window can show: units, smallest effect, power, time needed. */
export function powerTable(forecast: ForecastView, contract: ChangeContract | null): string {
  const { primary } = forecast;
  const window = contract === null ? 'the window' : formatWindow(contract.windowMinutes);
  const arms = contract?.rollout.start === 1 ? '' : ', both variants together';
  const [, plural] = countedWords(primary.type);
  const counted = `${plural[0]!.toUpperCase()}${plural.slice(1)}`;
  const minimum = formatThreshold(primary.minimum_effect, primary.scale);
  const orUnknown = <T>(value: T | null, format: (value: T) => string) =>
    value === null ? missing(forecast) : format(value);
  const rows = [
    [
      `${primary.unit === 'ratio' ? 'Rate' : 'Level'} so far (${formatWeeks(primary.history_weeks)} of history)`,
      orUnknown(primary.baseline, (level) => levelText(level, primary.unit)),
    ],
    [`${counted} expected in ${window}${arms}`, orUnknown(primary.units, formatCount)],
    [
      'Smallest effect that would show in 4 of 5 cases',
      orUnknown(primary.minimum_detectable_effect, (effect) => formatEstimate(effect, primary.scale)),
    ],
    [`Chance to pass if the true effect is the minimum (${minimum})`, orUnknown(primary.power_at_minimum, formatShare)],
    ['Time that would be enough', orUnknown(primary.weeks_needed, formatWeeks)],
  ];
  return markdownTable([{ title: `What ${window} can show` }, { title: 'Answer', align: 'right' }], rows);
}

/** The odds of the three verdicts under the author's prediction, and as its record corrects it; empty without them. */
export function oddsTable(forecast: ForecastView): string {
  const { odds, odds_corrected: corrected, primary } = forecast;
  if (odds === null) return '';
  const predicted = primary.predicted_effect;
  // As a gain: the contract's own words, with the sign of the KPI, stand above.
  const given =
    predicted === null ? 'the prediction is right' : `the gain is ${formatThreshold(predicted, primary.scale)}`;
  const rows = (
    [
      ['PASS', 'pass'],
      ['FAIL', 'fail'],
      ['INCONCLUSIVE', 'inconclusive'],
    ] as const
  ).map(([verdict, key]) => [
    verdict,
    formatShare(odds[key]),
    `\`${shareBar(odds[key])}\``,
    ...(corrected === null ? [] : [formatShare(corrected[key])]),
  ]);
  const columns: readonly Column[] = [
    { title: `Verdict, if ${given}` },
    { title: 'Odds', align: 'right' },
    { title: '' },
    ...(corrected === null
      ? []
      : [{ title: 'Odds, if the prediction is as right as earlier ones', align: 'right' } as const]),
  ];
  return markdownTable(columns, rows);
}

/** What came of the KPI's earlier predictions, in one or two sentences; empty without any. */
export function recordText({ primary }: ForecastView): string {
  const { record, predicted_effect: predicted, scale } = primary;
  if (record === null || !(record.count > 0)) return '';
  const right = formatCount(record.in_direction);
  const direction =
    record.count === 1
      ? `The one earlier prediction for this KPI went the ${record.in_direction === 1 ? 'right' : 'wrong'} way`
      : `Of ${formatCount(record.count)} earlier predictions for this KPI ${right} went the right way`;
  const corrected = record.corrected_effect;
  const instead = predicted === null ? '' : ` rather than ${formatThreshold(predicted, scale)}`;
  const expect = corrected === null ? '' : `, so expect about ${formatEstimate(corrected, scale)}${instead}`;
  return `${direction}; ${ratioInWords(record)}${expect}.${brierInWords(record)}`;
}

type PredictionRecord = NonNullable<ForecastView['primary']['record']>;

function ratioInWords({ count, median_ratio: ratio }: PredictionRecord): string {
  const usually = count === 1 ? '' : 'typically ';
  if (!Number.isFinite(ratio)) return 'how much of it came true is not known';
  if (ratio < 0) return `${usually}the opposite of what was predicted came true`;
  return `${usually}${ratio >= 0.45 && ratio <= 0.55 ? 'half' : formatShare(ratio)} of what was predicted came true`;
}

function brierInWords({ brier, brier_reference: reference }: PredictionRecord): string {
  if (brier === null || reference === null) return '';
  const better = brier < reference ? 'were better than' : 'were no better than';
  return ` The odds that were given ${better} naming the usual outcome each time (Brier score ${brier.toFixed(2)} against ${reference.toFixed(2)}; 0 is best).`;
}

/** How soon the watch would notice harm; empty when there is nothing to watch. */
export function detectionTable(forecast: ForecastView, windowMinutes: number | null): string {
  if (forecast.detection.length === 0) return '';
  const isTooLate = (minutes: number) => windowMinutes !== null && minutes > windowMinutes;
  const rows = forecast.detection
    .slice(0, 30)
    .map((each) => [
      inlineCode(each.kpi_id, 64),
      each.minutes === null
        ? missing(forecast)
        : isTooLate(each.minutes)
          ? 'not within the window'
          : formatMinutes(each.minutes),
      each.units_harmed === null
        ? missing(forecast)
        : isTooLate(each.minutes ?? 0)
          ? '–'
          : formatCount(each.units_harmed),
    ]);
  return markdownTable(
    [
      { title: 'If twice as bad, or half as good' },
      { title: 'the watch would notice after', align: 'right' },
      { title: 'units harmed by then', align: 'right' },
    ],
    rows,
  );
}

function firings(perWeek: number | null, unknown: string): string {
  if (perWeek === null || !Number.isFinite(perWeek)) return unknown;
  if (perWeek === 0) return 'never';
  return perWeek < 0.05 ? 'under 0.1 times a week' : `${perWeek.toFixed(1)} times a week`;
}

/** How often the fast rules would have fired on the KPI's own past; a rule that fires often is a false alarm. */
export function fastRulesTable(forecast: ForecastView, contract: ChangeContract | null): string {
  if (forecast.fast_rules.length === 0) return '';
  const rows = forecast.fast_rules.slice(0, 30).map((each, index) => {
    const rule = contract?.fast[index];
    const words = rule !== undefined && rule.kpi === each.kpi_id ? fastRuleInWords(rule) : inlineCode(each.kpi_id, 64);
    return [words, firings(each.firings_per_week, missing(forecast))];
  });
  return markdownTable([{ title: 'Fast rule' }, { title: 'In the past it would have fired', align: 'right' }], rows);
}

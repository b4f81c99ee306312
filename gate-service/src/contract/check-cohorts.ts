import { isBeforeAfterDocument } from './check-rollout.ts';
import type { Finding } from './finding.ts';
import { countAt, textAt } from './registry-facts.ts';
import { findingAt, formatPath, valueAt, type YamlDocument } from './yaml-document.ts';

/** Cohorts stand in the list once, and need traffic without the change to compare with. */
export function checkCohorts(document: YamlDocument): Finding[] {
  if (valueAt(document.value, ['cohorts']) === undefined) return [];
  return [...checkDesign(document), ...checkDuplicates(document)];
}

function checkDesign(document: YamlDocument): Finding[] {
  if (!isBeforeAfterDocument(document)) return [];
  return [
    findingAt(document, ['cohorts'], {
      code: 'unknown_key',
      message: '`cohorts` has no meaning when the change is compared with the weeks before',
      allowed: 'only with traffic that does not get the change at the same time',
      remedy: 'Remove it, or leave a control group with `rollout.start`.',
    }),
  ];
}

function checkDuplicates(document: YamlDocument): Finding[] {
  const names = Array.from({ length: countAt(document, ['cohorts']) }, (_, i) => textAt(document, ['cohorts', i]));
  return names.flatMap((name, index) => {
    const first = names.indexOf(name);
    if (name === null || first === index) return [];
    return [
      findingAt(document, ['cohorts', index], {
        code: 'duplicate_cohort',
        message: `This cohort stands in the list already: \`${formatPath(['cohorts', first])}\``,
        allowed: 'each cohort once',
        remedy: 'Remove one of the two.',
      }),
    ];
  });
}

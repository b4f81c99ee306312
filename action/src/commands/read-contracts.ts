import { posix } from 'node:path';
import type { Finding } from '../../../gate-service/src/contract/finding.ts';
import {
  type RegistryReading,
  readContract,
  readPolicy,
  readRegistry,
} from '../../../gate-service/src/contract/read-change-files.ts';
import type { ContractForecast } from '../../../gate-service/src/contract/render/forecast-input.ts';
import { type RepositoryFile, readFile } from '../github/contents.ts';
import type { ChangedFile } from '../github/pull-requests.ts';
import { type CommandContext, isContractPath } from './command.ts';

export interface PullRequestFiles {
  /** One for each contract, and one for a registry or policy that the pull request breaks. */
  readonly entries: readonly ContractForecast[];
  /** Text of each contract, by path: what the gate is asked about. */
  readonly contracts: ReadonlyMap<string, RepositoryFile>;
  /** Of the default branch; null at the first adoption. */
  readonly registry: RepositoryFile | null;
  readonly policy: RepositoryFile | null;
  /** Changed paths for which the policy wants a contract. */
  readonly contractRequiredFor: readonly string[];
}

const hasErrors = (findings: readonly Finding[]) => findings.some(({ severity }) => severity === 'error');

/**
 * Reads and checks what a pull request is about. Registry and policy in force are those of the default branch, so that
 * a pull request cannot weaken its own gate; its own versions are checked and shown.
 */
export async function readContracts(
  context: CommandContext,
  headSha: string,
  changed: readonly ChangedFile[],
): Promise<PullRequestFiles> {
  const { settings, github, defaultBranch } = context;
  const { registryPath, policyPath } = settings;
  const present = changed.filter(({ isRemoved }) => !isRemoved).map(({ path }) => path);
  const paths = present
    .filter((path) => isContractPath(settings, path) && path !== registryPath && path !== policyPath)
    .sort();
  const policy = policyPath === null ? null : await readFile(github, defaultBranch, policyPath);
  const registry = paths.length === 0 ? null : await readFile(github, defaultBranch, registryPath);
  const ownRegistry = present.includes(registryPath) ? await readFile(github, headSha, registryPath) : null;
  const inForce = registry ?? ownRegistry;
  const reading = inForce === null ? null : readRegistry(inForce);
  const contracts = new Map<string, RepositoryFile>();
  const entries: ContractForecast[] = [];
  for (const path of paths) {
    const file = await readFile(github, headSha, path);
    if (file === null) continue;
    contracts.set(path, file);
    entries.push(checkContract(file, reading, entries.length === 0));
  }
  entries.push(...(await checkOwnFiles(context, headSha, present, ownRegistry === inForce ? null : ownRegistry)));
  return { entries, contracts, registry, policy, contractRequiredFor: requiredFor(policy, present) };
}

/** Findings of the registry are told once, with the first contract. That there is no registry is told by itself. */
function checkContract(file: RepositoryFile, registry: RegistryReading | null, isFirst: boolean): ContractForecast {
  const { value, findings } = readContract(file, registry);
  const own = findings.filter(({ code }) => code !== 'no_registry');
  const all = [...own, ...(isFirst ? (registry?.findings ?? []) : [])];
  return { path: file.path, contract: hasErrors(all) ? null : value, forecast: null, findings: all };
}

async function checkOwnFiles(
  { github, settings }: CommandContext,
  headSha: string,
  present: readonly string[],
  registry: RepositoryFile | null,
): Promise<ContractForecast[]> {
  const { policyPath } = settings;
  const policy =
    policyPath !== null && present.includes(policyPath) ? await readFile(github, headSha, policyPath) : null;
  const checked = [
    ...(registry === null ? [] : [{ path: registry.path, findings: readRegistry(registry).findings }]),
    ...(policy === null ? [] : [{ path: policy.path, findings: readPolicy(policy).findings }]),
  ];
  return checked
    .filter(({ findings }) => hasErrors(findings))
    .map((entry) => ({ ...entry, contract: null, forecast: null }));
}

function requiredFor(policy: RepositoryFile | null, present: readonly string[]): readonly string[] {
  const globs = readPolicy(policy).value?.requireContract ?? [];
  return present.filter((path) => globs.some((glob) => posix.matchesGlob(path, glob)));
}

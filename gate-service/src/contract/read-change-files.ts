import { type ChangeContract, ChangeContractSchema } from './change-contract.ts';
import { checkContract } from './check-contract.ts';
import { checkPolicy } from './check-policy.ts';
import { checkRegistry } from './check-registry.ts';
import type { Finding } from './finding.ts';
import { type Kpi, KpiDefinitionSchema, KpiRegistrySchema } from './kpi-registry.ts';
import { parseYaml } from './parse-yaml.ts';
import { type Policy, PolicySchema } from './policy.ts';
import { type RegistryFacts, readRegistryFacts } from './registry-facts.ts';
import { findingAt, valueAt, type YamlDocument } from './yaml-document.ts';
import { readYamlFile, type YamlFile } from './yaml-file.ts';

/** A file as it came from the repository: its path there, and its text decoded from UTF-8. */
export interface FileText {
  readonly path: string;
  readonly text: string;
}
/** `value` is null exactly when `findings` hold an error. */
export interface Reading<T> {
  readonly value: T | null;
  readonly findings: Finding[];
}
export interface RegistryReading extends Reading<readonly Kpi[]> {
  /** What is known of the KPIs even when parts of the registry are wrong; null when it is not YAML at all. */
  readonly facts: RegistryFacts | null;
}

/** A registry has some 400 bytes per KPI, and there is one for a whole company. */
const MAX_REGISTRY_BYTES = 256 * 1024;

/** Reads and checks a KPI registry. */
export function readRegistry(file: FileText): RegistryReading {
  const options = { maxBytes: MAX_REGISTRY_BYTES, check: checkRegistry };
  const read = readYamlFile(file.path, file.text, KpiRegistrySchema, options);
  return { ...toReading(read), facts: read.document === null ? null : readRegistryFacts(read.document) };
}

/**
 * The definitions of some KPIs, whatever is wrong with others in the same registry.
 * @returns in the order of the ids; null when one of them is missing or has an error, or the file is not YAML
 */
export function readNamedKpis(file: FileText, ids: readonly string[]): readonly Kpi[] | null {
  const { document } = parseYaml(file.path, file.text, { maxBytes: MAX_REGISTRY_BYTES });
  if (document === null) return null;
  const kpis = ids.flatMap((id): readonly Kpi[] => {
    const parsed = KpiDefinitionSchema.safeParse(valueAt(document.value, [id]));
    return parsed.success ? [{ id, ...parsed.data }] : [];
  });
  return kpis.length === ids.length ? kpis : null;
}

/** Reads and checks a policy; without a file the defaults hold. */
export function readPolicy(file: FileText | null): Reading<Policy> {
  if (file === null) return { value: PolicySchema.parse({}), findings: [] };
  return toReading(readYamlFile(file.path, file.text, PolicySchema, { check: checkPolicy }));
}

/**
 * Reads a contract and checks it against a registry.
 * @param registry null when the repository has none: an error, because nothing can be said about the contract's KPIs
 */
export function readContract(file: FileText, registry: RegistryReading | null): Reading<ChangeContract> {
  const check = (document: YamlDocument) => [
    ...checkContract(document, registry?.facts ?? null),
    ...(registry === null ? [noRegistry(document)] : []),
  ];
  return toReading(readYamlFile(file.path, file.text, ChangeContractSchema, { check }));
}

export interface ChangeFiles {
  readonly contract: FileText;
  readonly registry: FileText | null;
  readonly policy: FileText | null;
}
export interface ReadChangeFiles {
  /** Of all files: the contract's, the registry's, the policy's, each in the order of its file. */
  readonly findings: Finding[];
  /** Null when the contract has an error, such as a KPI that the registry lacks. */
  readonly contract: ChangeContract | null;
  /** All KPIs of the registry; null when it has an error or there is none. */
  readonly kpis: readonly Kpi[] | null;
  /** The defaults when there is no file; null when it has an error. */
  readonly policy: Policy | null;
}

/** Reads the three files of a change together: what the gate service, the Action and the command line all use. Never throws. */
export function readChangeFiles(files: ChangeFiles): ReadChangeFiles {
  const registry = files.registry === null ? null : readRegistry(files.registry);
  const contract = readContract(files.contract, registry);
  const policy = readPolicy(files.policy);
  return {
    findings: [...contract.findings, ...(registry?.findings ?? []), ...policy.findings],
    contract: contract.value,
    kpis: registry?.value ?? null,
    policy: policy.value,
  };
}

function toReading<T>(file: YamlFile<T>): Reading<T> {
  return { value: file.ok ? file.value : null, findings: file.findings };
}

function noRegistry(document: YamlDocument): Finding {
  return findingAt(document, ['primary', 'kpi'], {
    code: 'no_registry',
    message: 'There is no KPI registry, so that nothing is known about the KPIs of this contract',
    found: null,
    allowed: '.changegate/kpis.yml on the default branch',
    remedy: 'Add .changegate/kpis.yml with the KPIs that the contract names, and merge it first.',
  });
}

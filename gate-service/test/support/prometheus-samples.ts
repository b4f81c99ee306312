export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds since 1970 and the value, by rising time. */
  readonly samples: readonly (readonly [at: number, value: number])[];
}

export interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'unknown';
  readonly series: readonly Series[];
}

/** The text that promtool makes blocks from. */
export function toOpenMetrics(families: readonly Family[]): string {
  const lines = families.flatMap(({ name, type, series }) => [
    `# TYPE ${type === 'counter' ? name.replace(/_total$/, '') : name} ${type}`,
    ...series.flatMap(({ labels, samples }) => {
      const written = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
      return samples.map(([at, value]) => `${name}{${written.join(',')}} ${value} ${at}`);
    }),
  ]);
  return `${lines.join('\n')}\n# EOF\n`;
}

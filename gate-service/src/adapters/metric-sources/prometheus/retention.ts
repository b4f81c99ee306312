import { RuntimeInfoSchema } from './answers.ts';
import type { PrometheusConfig } from './config.ts';
import { PrometheusFault } from './fault.ts';
import type { Session } from './http-client.ts';

const UNIT_SECONDS = { y: 31_536_000, w: 604_800, d: 86_400, h: 3_600, m: 60, s: 1 } as const;

/** Days that the server keeps samples; null when neither it nor the configuration says. */
export async function retentionDays(session: Session, config: PrometheusConfig): Promise<number | null> {
  if (config.retention_days !== undefined) return config.retention_days;
  try {
    const { storageRetention } = await session.get('/api/v1/status/runtimeinfo', {}, RuntimeInfoSchema);
    return parseRetention(storageRetention);
  } catch (error) {
    // Thanos, Mimir and VictoriaMetrics have no such page; the configuration can say it for them.
    if (error instanceof PrometheusFault) return null;
    throw error;
  }
}

/** "15d", "1w3d" or "3d or 10GB"; null for a size alone or something else. */
export function parseRetention(text: string): number | null {
  const written = /^(?:\d{1,6}[ywdhms])+(?= or |$)/.exec(text.trim())?.[0];
  const parts = written?.matchAll(/(\d+)([ywdhms])/g) ?? [];
  const seconds = Array.from(parts, ([, n, unit]) => Number(n) * UNIT_SECONDS[unit as keyof typeof UNIT_SECONDS]);
  const total = seconds.reduce((sum, part) => sum + part, 0);
  return total > 0 ? total / UNIT_SECONDS.d : null;
}

import { type EventEmitter, once } from 'node:events';
import { InMemStorageProvider, Unleash, UnleashEvents } from 'unleash-client';
import type { FlagObserver, FlagResult } from '../../../ports/flag-control.ts';
import { clientFeaturePath, observerCalls } from './allowed-calls.ts';
import { type ClientFeature, clientFeature } from './answers.ts';
import { exposureShare } from './exposure.ts';
import { createHttpClient, DEFAULT_DEADLINE_MS } from './http-client.ts';

export interface UnleashObserverOptions {
  readonly url: string;
  /** Client token of the gate's environment; the token alone decides which environment is seen. */
  readonly clientToken: string;
  readonly environment: string;
  readonly appName: string;
  /** How often the SDK asks the server. */
  readonly refreshMs?: number;
  readonly deadlineMs?: number;
  /** The SDK stops asking after this time without a question, and starts again at the next one. */
  readonly idleMs?: number;
}

const DEFAULT_REFRESH_MS = 1_000;
const DEFAULT_IDLE_MS = 60_000;

/**
 * A share counts as published when the client API serves it *and* a real, already running unleash-client
 * holds the same: the first alone would miss a stale ETag, the second alone a stuck SDK. Until both agree
 * the answer is `unreadable`, and the caller asks again.
 */
export function createUnleashObserver(options: UnleashObserverOptions): FlagObserver {
  const http = createHttpClient({ ...options, token: options.clientToken, allowed: observerCalls() });
  const sdk = createSdkHolder(options);
  const closing = new AbortController();
  return {
    async publishedShare(flag) {
      const deadline = http.deadline();
      const call = { method: 'GET', path: clientFeaturePath(flag) } as const;
      const served = await http.send(call, clientFeature, deadline);
      if (!served.ok) return served;
      const running = await sdk.running(AbortSignal.any([deadline, closing.signal]));
      if (!running) return unreadable('unleash-client has not read the flags yet');
      const seen = clientFeature.safeParse(running.getFeatureToggleDefinition(flag));
      if (!seen.success) return unreadable(`unleash-client does not know flag "${flag}" yet`);
      const [servedShare, seenShare] = [shareOf(served.value), shareOf(seen.data)];
      if (servedShare === seenShare) return { ok: true, value: servedShare };
      return unreadable(`the client API serves a share of ${servedShare}, unleash-client still ${seenShare}`);
    },
    async close() {
      closing.abort();
      sdk.stop();
    },
  };
}

interface SdkHolder {
  /** The SDK once it has read the flags; null when it has not by the deadline. */
  running(deadline: AbortSignal): Promise<Unleash | null>;
  stop(): void;
}

/** Keeps one SDK while it is needed; replaces it after any error, because it then backs off or stops for good. */
function createSdkHolder(options: UnleashObserverOptions): SdkHolder {
  const troubled = new WeakSet<Unleash>();
  let current: Unleash | null = null;
  let idle: NodeJS.Timeout | undefined;
  const stop = () => {
    clearTimeout(idle);
    if (current) destroySdk(current);
    current = null;
  };
  return {
    stop,
    async running(deadline) {
      if (current && troubled.has(current)) stop();
      clearTimeout(idle);
      idle = setTimeout(stop, options.idleMs ?? DEFAULT_IDLE_MS).unref();
      current ??= startSdk(options, (sdk) => troubled.add(sdk));
      const sdk = current;
      if (!sdk.isSynchronized()) {
        await once(sdk, UnleashEvents.Synchronized, { signal: deadline }).catch(() => undefined);
      }
      return sdk.isSynchronized() ? sdk : null;
    },
  };
}

/**
 * `destroy()` takes all listeners off the SDK's repository but lets a request in flight go on; when that
 * fails, its `error` event without a listener would end the process. So there has to be one.
 */
function destroySdk(sdk: Unleash): void {
  const repository = Reflect.get(sdk, 'repository') as EventEmitter;
  sdk.destroy();
  repository.on(UnleashEvents.Error, () => undefined);
}

function startSdk(options: UnleashObserverOptions, onTrouble: (sdk: Unleash) => void): Unleash {
  const sdk = new Unleash({
    url: `${options.url.replace(/\/$/, '')}/api/`,
    appName: options.appName,
    environment: options.environment,
    customHeaders: { Authorization: options.clientToken },
    refreshInterval: options.refreshMs ?? DEFAULT_REFRESH_MS,
    timeout: options.deadlineMs ?? DEFAULT_DEADLINE_MS,
    disableMetrics: true,
    skipInstanceCountWarning: true,
    // The default keeps a backup file in the temporary directory and would start from it.
    storageProvider: new InMemStorageProvider(),
  });
  sdk.on(UnleashEvents.Error, () => onTrouble(sdk));
  sdk.on(UnleashEvents.Warn, () => onTrouble(sdk));
  return sdk;
}

function shareOf(feature: ClientFeature): number {
  const strategies = (feature.strategies ?? []).map(({ parameters }) => ({
    disabled: false,
    rollout: parameters?.rollout ?? null,
  }));
  return exposureShare(feature.enabled, strategies);
}

function unreadable(detail: string): FlagResult<number> {
  return { ok: false, failure: { kind: 'unreadable', detail } };
}

import { z } from 'zod';
import { ChangeStateSchema } from '../contract/api/change.ts';
import * as api from '../contract/api/requests.ts';
import { GateError } from '../contract/gate-error.ts';
import { RepositorySchema } from '../contract/identifiers.ts';
import { toWire } from '../contract/wire-case.ts';
import { activateChange } from '../services/activate-change.ts';
import { readinessOf } from '../services/check-readiness.ts';
import { decideChange } from '../services/decide-change.ts';
import { evaluateChange } from '../services/evaluate-change.ts';
import { forecastForPullRequest } from '../services/forecast-pull-request.ts';
import type { ActivationGate, Gate } from '../services/gate.ts';
import type { IngestQueue } from '../services/ingest-queue.ts';
import { pauseWatch, readPause, resumeWatch } from '../services/pause-watch.ts';
import { listKpis, registerKpis } from '../services/register-kpis.ts';
import { awaitActivationPublished } from '../services/settle-activation.ts';
import { findChange, stampChange } from '../services/stamp-change.ts';
import { issueToken, revokeToken } from '../services/tokens.ts';
import { viewChange, viewChanges, viewEvidence } from '../services/view-change.ts';
import { actorOf } from './actor-of.ts';
import { makeEventRoutes } from './event-routes.ts';
import { type Call, Reply, type Route, route } from './route.ts';
import { scopeTo } from './scope-to.ts';

const ListQuery = z.strictObject({
  repository: RepositorySchema.optional(),
  state: z
    .string()
    .refine((text) => text.split(',').every((state) => ChangeStateSchema.safeParse(state).success), {
      error: `allowed: one or more of ${ChangeStateSchema.options.join(', ')}, separated by commas`,
    })
    .optional()
    .describe(`one or more of ${ChangeStateSchema.options.join(', ')}, separated by commas`),
  before: z
    .string()
    .regex(/^[\w-]{1,100}$/)
    .optional()
    .describe('only changes that come after this one in the list: the `next` of the page before'),
  limit: z
    .string()
    .regex(/^[1-9]\d{0,3}$/)
    .optional()
    .describe('at most 100, which is the default'),
});
const CHANGES_PAGE = 100;
const LedgerQuery = z.strictObject({
  after: z
    .string()
    .regex(/^\d{1,12}$/)
    .optional()
    .describe('only entries with a larger seq'),
  limit: z
    .string()
    .regex(/^\d{1,4}$/)
    .optional()
    .describe('at most 1000, which is the default'),
});
const LEDGER_PAGE = 1000;
/** The whole API. `gate.activation` is absent when this service may not activate. */
export function makeRoutes(gate: Gate, activation: ActivationGate | null, ingest: IngestQueue): readonly Route[] {
  const changeOf = async (call: Call<unknown>) => findChange(gate, call.params.change_id!, call.principal.repository);
  const viewOf = async (call: Call<unknown>) => ({ change: await viewChange(gate, (await changeOf(call)).changeId) });
  const askReadiness = readinessOf(gate);
  return [
    route({
      method: 'POST',
      path: '/v1/forecasts',
      operationId: 'forecast',
      scope: 'forecast',
      summary: 'What the window can show for a contract, before the deploy',
      body: api.ForecastRequestSchema,
      response: api.ForecastResponseSchema,
      handle: async (call) => {
        scopeTo(call, call.body.repository);
        return toWire(await forecastForPullRequest(gate, call.body));
      },
    }),
    route({
      method: 'POST',
      path: '/v1/changes',
      operationId: 'stamp',
      scope: 'stamp',
      summary: 'Stamps a merged contract; the same commit and contract always make the same change',
      body: api.StampRequestSchema,
      response: api.StampResponseSchema,
      status: 201,
      alsoStatus: 200,
      handle: async (call) => {
        scopeTo(call, call.body.repository);
        const { created, changeId } = await stampChange(gate, {
          ...call.body,
          actor: `${actorOf(call)} for ${call.body.actor}`,
        });
        return new Reply(created ? 201 : 200, { created, change: await viewChange(gate, changeId) });
      },
    }),
    route({
      method: 'GET',
      path: '/v1/changes',
      operationId: 'list_changes',
      scope: 'read',
      summary: 'Changes, the newest first, page by page',
      query: ListQuery,
      response: api.ChangeListResponseSchema,
      handle: async (call) => {
        const repository = call.query.repository ?? call.principal.repository;
        if (repository !== null) scopeTo(call, repository);
        const states = call.query.state?.split(',').map((state) => ChangeStateSchema.parse(state));
        const { before } = call.query;
        return viewChanges(gate, {
          ...(repository ? { repository } : {}),
          ...(states ? { states } : {}),
          ...(before ? { before: await findChange(gate, before, call.principal.repository) } : {}),
          limit: Math.min(CHANGES_PAGE, Number(call.query.limit ?? CHANGES_PAGE)),
        });
      },
    }),
    route({
      method: 'GET',
      path: '/v1/changes/:change_id',
      operationId: 'show_change',
      scope: 'read',
      summary: 'One change with its looks, interventions, verdicts and decisions',
      response: api.ChangeResponseSchema,
      handle: viewOf,
    }),
    route({
      method: 'POST',
      path: '/v1/changes/:change_id/activate',
      operationId: 'activate',
      scope: 'activate',
      summary: 'Turns the flag on at rollout.start, once; the only call that raises exposure',
      response: api.ChangeResponseSchema,
      handle: async (call) => {
        if (!activation)
          throw new GateError(
            'no_activation',
            'This gate service has no UNLEASH_ACTIVATION_TOKEN.',
            'Set it, or turn the flag on in your deploy job.',
          );
        await activateChange(activation, call.params.change_id!, call.principal.repository, actorOf(call));
        await awaitActivationPublished(gate, call.params.change_id!);
        return viewOf(call);
      },
    }),
    route({
      method: 'POST',
      path: '/v1/changes/:change_id/evaluate',
      operationId: 'evaluate',
      scope: 'evaluate',
      summary:
        'Before the window is complete runs a look; afterwards judges, and revises only when the statistics changed',
      body: api.EvaluateRequestSchema,
      response: api.EvaluateResponseSchema,
      handle: async (call) => {
        const { changeId } = await changeOf(call);
        const { verdict, newRevision } = await evaluateChange(gate, changeId, call.body.head);
        return { verdict, new_revision: newRevision, change: await viewChange(gate, changeId) };
      },
    }),
    route({
      method: 'POST',
      path: '/v1/changes/:change_id/decide',
      operationId: 'decide',
      scope: 'decide',
      summary: 'Records what the people chose after the verdict',
      body: api.DecideRequestSchema,
      response: api.ChangeResponseSchema,
      handle: async (call) => {
        await decideChange(gate, call.params.change_id!, call.principal.repository, call.body, actorOf(call));
        return viewOf(call);
      },
    }),
    route({
      method: 'GET',
      path: '/v1/changes/:change_id/evidence',
      operationId: 'evidence',
      scope: 'read',
      summary: 'The evidence pack of a verdict: everything needed to recompute it offline',
      query: z.strictObject({
        revision: z
          .string()
          .regex(/^\d{1,4}$/)
          .optional(),
      }),
      response: api.EvidencePackSchema,
      handle: async (call) => {
        const revision = call.query.revision;
        return viewEvidence(gate, (await changeOf(call)).changeId, revision === undefined ? null : Number(revision));
      },
    }),
    route({
      method: 'GET',
      path: '/v1/changes/:change_id/ledger',
      operationId: 'change_ledger',
      scope: 'read',
      summary: 'The ledger entries of one change',
      query: LedgerQuery,
      response: api.LedgerResponseSchema,
      handle: async (call) => readLedger(gate, call, (await changeOf(call)).changeId),
    }),
    route({
      method: 'GET',
      path: '/v1/ledger',
      operationId: 'ledger',
      scope: 'admin',
      wholeService: true,
      summary: 'The whole ledger, page by page',
      query: LedgerQuery,
      response: api.LedgerResponseSchema,
      handle: async (call) => readLedger(gate, call, undefined),
    }),
    route({
      method: 'PUT',
      path: '/v1/kpis',
      operationId: 'register_kpis',
      scope: 'stamp',
      summary: 'Registers the KPI registry of a repository’s default branch, so that its history is kept',
      body: api.RegisterKpisRequestSchema,
      response: api.RegisterKpisResponseSchema,
      handle: async (call) => {
        scopeTo(call, call.body.repository);
        return registerKpis(gate, call.body, actorOf(call));
      },
    }),
    route({
      method: 'GET',
      path: '/v1/kpis',
      operationId: 'list_kpis',
      scope: 'read',
      summary: 'The registered KPIs of a repository',
      query: z.strictObject({ repository: RepositorySchema }),
      response: z.object({ kpis: z.array(z.record(z.string(), z.unknown())) }),
      handle: async (call) => {
        scopeTo(call, call.query.repository!);
        return { kpis: toWire(await listKpis(gate, call.query.repository!)) };
      },
    }),
    ...makeEventRoutes(gate, ingest),
    route({
      method: 'POST',
      path: '/v1/pause',
      operationId: 'pause',
      scope: 'operate',
      wholeService: true,
      summary: 'Stops every intervention until resumed',
      body: api.PauseRequestSchema,
      response: api.PauseResponseSchema,
      handle: async (call) => ({
        paused: true,
        ...(await pauseWatch(gate, call.body.by, call.body.reason, actorOf(call))),
      }),
    }),
    route({
      method: 'POST',
      path: '/v1/resume',
      operationId: 'resume',
      scope: 'operate',
      wholeService: true,
      summary: 'Lets interventions go on',
      body: api.PauseRequestSchema,
      response: api.PauseResponseSchema,
      handle: async (call) => {
        await resumeWatch(gate, call.body.by, call.body.reason, actorOf(call));
        return { paused: false, since: null, by: null, reason: null };
      },
    }),
    route({
      method: 'GET',
      path: '/v1/pause',
      operationId: 'show_pause',
      scope: 'read',
      summary: 'Whether interventions are stopped',
      response: api.PauseResponseSchema,
      handle: async () => {
        const pause = await gate.store.transaction(readPause);
        return pause ? { paused: true, ...pause } : { paused: false, since: null, by: null, reason: null };
      },
    }),
    route({
      method: 'POST',
      path: '/v1/tokens',
      operationId: 'create_token',
      scope: 'admin',
      wholeService: true,
      summary: 'Makes an API token; its secret is shown once',
      body: api.CreateTokenRequestSchema,
      response: api.CreateTokenResponseSchema,
      status: 201,
      handle: async (call) => toWire(await issueToken(gate, call.body, actorOf(call))),
    }),
    route({
      method: 'DELETE',
      path: '/v1/tokens/:token_id',
      operationId: 'revoke_token',
      scope: 'admin',
      wholeService: true,
      summary: 'Revokes an API token at once',
      response: z.object({ revoked: z.literal(true) }),
      handle: async (call) => {
        await revokeToken(gate, call.params.token_id!, actorOf(call));
        return { revoked: true };
      },
    }),
    route({
      method: 'GET',
      path: '/health',
      operationId: 'health',
      scope: null,
      summary: 'The process answers',
      response: api.HealthResponseSchema,
      handle: async () => ({ status: 'ok' }),
    }),
    route({
      method: 'GET',
      path: '/ready',
      operationId: 'ready',
      scope: null,
      summary: 'Store and flag service answer real reads',
      response: api.ReadyResponseSchema,
      alsoStatus: 503,
      handle: async () => {
        const readiness = await askReadiness();
        return new Reply(readiness.ready ? 200 : 503, readiness);
      },
    }),
  ];
}

async function readLedger(gate: Gate, call: Call<unknown>, changeId: string | undefined): Promise<unknown> {
  const after = Number(call.query.after ?? 0);
  const limit = Math.min(LEDGER_PAGE, Number(call.query.limit ?? LEDGER_PAGE));
  return gate.store.transaction(async (tx) => {
    const entries = await tx.ledger.entries({ after, limit, ...(changeId === undefined ? {} : { changeId }) });
    // A payload is shown as it was hashed, key for key.
    return {
      head: await tx.ledger.head(),
      entries: entries.map(({ payload, ...entry }) => ({ ...(toWire(entry) as object), payload })),
    };
  });
}

import { z } from 'zod';

/** The parts of Unleash's answers that the gate relies on; checked against a real 8.2 server by a test. */
const percentage = z.string().refine((text) => text.trim() !== '' && Number(text) >= 0 && Number(text) <= 100, {
  error: 'a percentage is a number from 0 to 100 as text',
});

const parameters = z.looseObject({
  rollout: percentage.optional(),
  stickiness: z.string().optional(),
  groupId: z.string().optional(),
});

const adminStrategy = z.object({
  id: z.string().min(1),
  name: z.string().min(1),
  disabled: z.boolean().nullish(),
  parameters,
  constraints: z.array(z.unknown()),
  segments: z.array(z.unknown()).optional(),
  variants: z.array(z.unknown()).optional(),
});
export type AdminStrategy = z.infer<typeof adminStrategy>;

export const adminFeature = z.object({
  name: z.string(),
  createdAt: z.string().min(1),
  archived: z.boolean().optional(),
  environments: z.array(z.object({ name: z.string(), enabled: z.boolean(), strategies: z.array(adminStrategy) })),
});
export type AdminFeature = z.infer<typeof adminFeature>;

/** `GET …/environments/{e}`: the one read that still answers 200 for an archived flag. */
export const adminFeatureEnvironment = z.object({ name: z.string() });

export const eventSearch = z.object({
  events: z.array(z.object({ id: z.number().int().positive(), createdBy: z.string(), createdAt: z.string() })),
});

export const patchedStrategy = z.object({ id: z.string(), parameters: z.object({ rollout: percentage }) });

export const createdFeature = z.object({ name: z.string() });
export const createdStrategy = z.object({ id: z.string() });

/** One flag as SDKs get it. */
export const clientFeature = z.object({
  name: z.string(),
  enabled: z.boolean(),
  strategies: z.array(z.object({ name: z.string(), parameters: parameters.optional() })).nullish(),
});
export type ClientFeature = z.infer<typeof clientFeature>;

/** Unleash's error body. Some answers (a wrong kind of token) have no name. */
export const errorBody = z.object({ name: z.string().optional(), message: z.string() });

export type { AppEvent, EventClientOptions, EventClientStats, EventProblem } from './event-client.ts';
export { EventClient } from './event-client.ts';

import type { TriggerEvent } from './event.ts';
import type { Settings } from './settings.ts';

export type Choice =
  | { readonly command: 'forecast' | 'stamp' | 'activate' | 'verdict' }
  | { readonly command: 'none'; readonly reason: string };

const none = (reason: string): Choice => ({ command: 'none', reason });

/**
 * What `auto` means for an event. Only stamping happens on a push: raising exposure is a step of its own after the
 * deploy. What nobody asked for is not an error.
 */
export function chooseCommand(command: Settings['command'], event: TriggerEvent, defaultBranch: string): Choice {
  if (command !== 'auto') return chosen(command, event);
  switch (event.kind) {
    case 'pull_request':
    case 'merge_group':
      return chosen('forecast', event);
    case 'push':
      if (event.isDeleted) return none('A branch was deleted: there is nothing to stamp.');
      if (event.branch === defaultBranch) return { command: 'stamp' };
      return none(`Changes are stamped when they reach ${defaultBranch}; this push is not on it.`);
    case 'schedule':
    case 'workflow_dispatch':
      return { command: 'verdict' };
    case 'other':
      return none(
        `The event ${event.name} asks for nothing. Forecasts are made on pull_request, stamps on push, verdicts on schedule and workflow_dispatch.`,
      );
    default:
      return event satisfies never;
  }
}

function chosen(command: Exclude<Settings['command'], 'auto'>, event: TriggerEvent): Choice {
  if (command === 'forecast' && event.kind === 'pull_request' && event.isClosed) {
    return none('The pull request is closed: a forecast would come too late.');
  }
  return { command };
}

export interface Annotation {
  level: 'notice' | 'warning' | 'error';
  message: string;
  title?: string;
  file?: string;
  line?: number;
  endLine?: number;
  column?: number;
  endColumn?: number;
}

export interface WorkflowCommands {
  annotations: Annotation[];
  /** Values given to `add-mask`, in order. */
  masked: string[];
  debug: string[];
  /** What a person sees in the job's log: commands taken out, masked values as `***`. */
  log: string;
}

const unescapeData = (text: string): string =>
  text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');

const unescapeProperty = (text: string): string => unescapeData(text.replaceAll('%3A', ':').replaceAll('%2C', ','));

interface Command {
  name: string;
  properties: Record<string, string>;
  data: string;
}

function parseCommand(line: string): Command | undefined {
  const match = /^\s*::([^\s:]+)(?: ([^:]*(?::(?!:)[^:]*)*?))?::(.*)$/s.exec(line);
  if (match === null) return undefined;
  const pairs = (match[2] ?? '').split(',').flatMap((pair) => {
    const equals = pair.indexOf('=');
    return equals <= 0 ? [] : [[pair.slice(0, equals).trim(), unescapeProperty(pair.slice(equals + 1))]];
  });
  return {
    name: (match[1] ?? '').toLowerCase(),
    properties: Object.fromEntries(pairs),
    data: unescapeData(match[3] ?? ''),
  };
}

function annotationOf(level: Annotation['level'], { properties, data }: Command): Annotation {
  const { title, file, line, endLine, col, endColumn } = properties;
  return {
    level,
    message: data,
    ...(title ? { title } : {}),
    ...(file ? { file } : {}),
    ...(line ? { line: Number(line) } : {}),
    ...(endLine ? { endLine: Number(endLine) } : {}),
    ...(col ? { column: Number(col) } : {}),
    ...(endColumn ? { endColumn: Number(endColumn) } : {}),
  };
}

/** Reads the commands that an action printed, as the runner does; between `stop-commands` and its token there are none. */
export function parseWorkflowCommands(output: string): WorkflowCommands {
  const result: WorkflowCommands = { annotations: [], masked: [], debug: [], log: '' };
  const log: string[] = [];
  let resumeToken: string | undefined;
  for (const line of output.split(/\r?\n/)) {
    const command = parseCommand(line);
    if (resumeToken !== undefined) {
      if (command?.name === resumeToken.toLowerCase()) resumeToken = undefined;
      else log.push(line);
      continue;
    }
    switch (command?.name) {
      case 'notice':
      case 'warning':
      case 'error':
        result.annotations.push(annotationOf(command.name, command));
        log.push(command.data);
        break;
      case 'add-mask':
        result.masked.push(command.data);
        break;
      case 'debug':
        result.debug.push(command.data);
        break;
      case 'group':
        log.push(command.data);
        break;
      case 'stop-commands':
        resumeToken = command.data;
        break;
      case 'endgroup':
      case 'echo':
        break;
      default:
        log.push(line);
    }
  }
  result.log = mask(log.join('\n'), result.masked);
  return result;
}

/** The runner masks a value of several lines line by line too. */
function mask(text: string, values: string[]): string {
  const parts = values.flatMap((value) => [value, ...value.split(/\r?\n/)]).filter((part) => part !== '');
  return parts.sort((a, b) => b.length - a.length).reduce((masked, part) => masked.replaceAll(part, '***'), text);
}

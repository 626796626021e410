import type { StdStream } from '../../wire/record.js';
import { checkFields, type NormalizerOptions } from './options.js';

/** What the sidecar says about every record, ready as text. No line can contradict it. */
export class Identity {
  readonly name: string;
  /** JSON text of the three core fields that stand in where a line does not say them. */
  readonly nameText: string;
  readonly hostnameText: string;
  readonly pidText: string;
  readonly component: string | undefined;
  /** The value of every field that the sidecar says, by name. */
  readonly claims: Readonly<Record<StdStream, ReadonlyMap<string, unknown>>>;
  /** Those fields as JSON members, each led by a comma. */
  readonly members: Readonly<Record<StdStream, string>>;

  constructor(options: NormalizerOptions) {
    const { fields = {} } = options;
    checkFields(fields);
    this.name = options.name;
    this.nameText = JSON.stringify(options.name);
    this.hostnameText = JSON.stringify(options.hostname);
    this.pidText = String(options.pid);
    this.component = options.component;
    const claims = (stream: StdStream): Map<string, unknown> => {
      const named = { tenant: options.tenant, container: options.container };
      // A tenant's record without a container, or the system's with neither, says nothing instead of what a line says.
      return new Map<string, unknown>([
        ...Object.entries(named),
        ['stream', stream],
        ...Object.entries(fields),
      ]);
    };
    this.claims = { stdout: claims('stdout'), stderr: claims('stderr') };
    this.members = { stdout: membersOf(this.claims.stdout), stderr: membersOf(this.claims.stderr) };
  }

  /** The member that says which component, where `name` does not say it already. */
  componentMember(name: string): string {
    const { component } = this;
    return component === undefined || component === name ? '' : `,"component":${JSON.stringify(component)}`;
  }
}

function membersOf(claims: ReadonlyMap<string, unknown>): string {
  let text = '';
  for (const [key, value] of claims) {
    if (value !== undefined) text += `,${JSON.stringify(key)}:${JSON.stringify(value)}`;
  }
  return text;
}

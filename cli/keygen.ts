import { generateKeyPair, writeKeyPair } from '../cluster/curve/index.js';
import { defineCommand, type CommandIo, type ParsedFor } from './command.js';

export const command = defineCommand({
  name: 'keygen',
  summary: 'make a CURVE key pair',
  usage: ['spillway keygen <file>'],
  options: {},
  positionals: {
    name: 'file',
    help: 'where the secret key goes; the public one goes to <file>.pub',
    min: 1,
    max: 1,
  },
  notes: [
    'The secret file gets mode 600, and neither is overwritten. The public key is printed: 40 characters of Z85, which a shell needs in single quotes.',
    'A part proves who it is with --curve-secret-key <file>. A consolidator lets in whose public key stands in the file of --curve-allow-publish (sidecars) or --curve-allow-subscribe (relays): one a line, and a name behind it if you like. Those files are watched: cat web.pub >> sidecars.keys is all it takes.',
    "A sidecar is told the consolidator's public key with --curve-server-key; a relay finds it in the directory, or as key=… in an entry.",
  ],
});

export async function run(
  { positionals: [path = ''] }: ParsedFor<typeof command>,
  io: CommandIo,
): Promise<number> {
  const pair = generateKeyPair();
  writeKeyPair(path, pair);
  io.stdout.write(`${pair.publicKey}\n`);
  io.stderr.write(`spillway: the secret key is in ${path} (mode 600), the public one in ${path}.pub\n`);
  return 0;
}

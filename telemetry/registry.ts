import { createRequire } from 'node:module';
import {
  metrics,
  type BatchObservableResult,
  type Meter,
  type MeterProvider,
  type Observable,
} from '@opentelemetry/api';
import { INSTRUMENTS, type InstrumentKey, type InstrumentSpec } from './instruments.js';
import { Readings } from './readings.js';

/** The package by its own name: found from the sources and from what is compiled of them alike. */
const { version } = createRequire(import.meta.url)('spillway/package.json') as { version: string };

/** Reads the numbers that a part keeps anyway. Called at each collection, and a last time when the part ends. */
export type Read = (readings: Readings) => void;

/**
 * Shows a part's numbers through the meter provider that is set at the time of the call; where none is, nobody ever
 * reads them. Answers an idempotent stop.
 */
export function observe(read: Read): () => void {
  return registryOf(metrics.getMeterProvider()).observe(read);
}

/** Spillway's meter of the provider that is set at the time of the call. */
export function currentMeter(): Meter {
  return meterOf(metrics.getMeterProvider());
}

/**
 * The parts that one meter provider shows. Several of a kind may live in one process (`spillway dev`, an embedder's
 * tests); their numbers are added up, since two callbacks that report one series would overwrite each other. All of
 * them are read in one turn, at each collection and at no other time: the hot paths pay nothing.
 */
class Registry {
  readonly #reads = new Set<Read>();
  readonly #ended = new Readings();
  readonly #observables: Readonly<Record<InstrumentKey, Observable>>;

  constructor(own: Meter) {
    const keys = Object.keys(INSTRUMENTS) as InstrumentKey[];
    this.#observables = Object.fromEntries(keys.map((key) => [key, create(own, INSTRUMENTS[key])])) as Record<
      InstrumentKey,
      Observable
    >;
    own.addBatchObservableCallback((result) => this.#collect(result), Object.values(this.#observables));
  }

  observe(read: Read): () => void {
    this.#reads.add(read);
    return () => {
      if (!this.#reads.delete(read)) return;
      const last = new Readings();
      read(last);
      this.#ended.addCounters(last);
    };
  }

  #collect(result: BatchObservableResult): void {
    const readings = new Readings();
    readings.addAll(this.#ended);
    for (const read of this.#reads) read(readings);
    for (const { key, value, attributes } of readings)
      result.observe(this.#observables[key], value, attributes);
  }
}

const registries = new WeakMap<MeterProvider, Registry>();

function registryOf(provider: MeterProvider): Registry {
  let registry = registries.get(provider);
  if (registry === undefined) registries.set(provider, (registry = new Registry(meterOf(provider))));
  return registry;
}

function create(own: Meter, { kind, name, ...options }: InstrumentSpec): Observable {
  switch (kind) {
    case 'counter':
      return own.createObservableCounter(name, options);
    case 'updown':
      return own.createObservableUpDownCounter(name, options);
    case 'gauge':
      return own.createObservableGauge(name, options);
  }
}

function meterOf(provider: MeterProvider): Meter {
  return provider.getMeter('spillway', version);
}

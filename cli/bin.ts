#!/usr/bin/env node
import module from 'node:module';

// From Node 22.8, compiled code is kept between starts; it must be asked for before anything is imported.
(module as { enableCompileCache?: () => unknown }).enableCompileCache?.();

const { main } = await import('./main.js');
await main(process.argv.slice(2));

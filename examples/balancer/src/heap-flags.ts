import { setFlagsFromString } from 'node:v8'

/**
 * V8 collects all garbage whenever 64 MB of buffers have been allocated since the
 * last time, which a proxy does every few blocks: a third of its CPU. With these
 * flags buffers count like the rest of the heap, which may grow to several times
 * what survived. Imported before anything else, since flags are read early; only
 * by programs, since they are the whole process's.
 */
setFlagsFromString('--external-memory-accounted-in-global-limit')
setFlagsFromString('--heap-growing-percent=400')

import { setFlagsFromString } from 'node:v8'

/**
 * V8 collects the whole heap whenever 64 MB of buffers have been allocated since
 * the last collection. A proxy allocates that much every few blocks, which costs a
 * third of its CPU. With these flags buffers count like the rest of the heap, and
 * the heap may grow to several times the size of the objects that survived. Import
 * this module first, since V8 reads the flags early, and only in programs, since
 * the flags affect the whole process.
 */
setFlagsFromString('--external-memory-accounted-in-global-limit')
setFlagsFromString('--heap-growing-percent=400')

/**
 * Calls once, as soon as the event loop has read what sockets have ready. Browsers have nothing closer to that than a timer; workerd's
 * setImmediate must not be called as a method.
 */
export const nextPass: (run: () => void) => void = typeof setImmediate === 'function' ? run => { setImmediate(run) } : run => { setTimeout(run, 0) }

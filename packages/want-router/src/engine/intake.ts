/**
 * Wants that are new, or ask for more, either join their fetches at once or wait for a
 * verdict first. Which of the two is decided when the engine is made, so that admission
 * costs nothing in an engine without it.
 */
import { parkRepeat, parkWant } from './admission.ts'
import { createWant, repeatWant } from './wants.ts'
import type { Intake } from './state.ts'

/** Every want is admitted. */
export const OPEN_INTAKE: Intake = { begin: createWant, repeat: repeatWant }

/** Each want waits for its verdict. */
export const PARKING_INTAKE: Intake = { begin: parkWant, repeat: parkRepeat }

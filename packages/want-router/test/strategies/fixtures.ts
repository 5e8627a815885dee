export { fakeEnv, fakeMember, fakeMembers, fakeOutcome, fakeWant, pick, ranking, SEED, shares } from '../../src/testing/fakes.ts'
export type { FakeMember } from '../../src/testing/fakes.ts'

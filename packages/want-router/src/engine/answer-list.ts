/**
 * What members have answered to a fetch, by their ids. Nearly every fetch gets one answer or a few, and an array of
 * these takes a third of the memory of a Map; where many members have answered, a Map is faster.
 */
import type { Answer, Answers } from './model.ts'

/** The most answers that are kept in an array. */
const FEW = 8

/** The answer of a member. */
export function findAnswer (answers: Answers | undefined, id: string): Answer | undefined {
  if (answers instanceof Map) {
    return answers.get(id)
  }

  if (answers != null) {
    for (const answer of answers) {
      if (answer.member.id === id) {
        return answer
      }
    }
  }
}

/** How many members have answered. */
export function countAnswers (answers: Answers | undefined): number {
  return answers instanceof Map ? answers.size : answers?.length ?? 0
}

/** The answers with another one, which replaces an earlier one of the same member. What was passed may have changed. */
export function addAnswer (answers: Answers | undefined, answer: Answer): Answers {
  if (answers == null) {
    return [answer]
  }

  const { id } = answer.member

  if (answers instanceof Map) {
    return answers.set(id, answer)
  }

  const index = answers.findIndex(({ member }) => member.id === id)

  if (index !== -1) {
    return answers.with(index, answer)
  }

  // not push, which makes room for sixteen more
  return answers.length < FEW ? answers.concat(answer) : new Map([...answers, answer].map(each => [each.member.id, each]))
}

/** The answers without that of a member. What was passed may have changed. */
export function removeAnswer (answers: Answers | undefined, id: string): Answers | undefined {
  if (answers instanceof Map) {
    answers.delete(id)

    return answers
  }

  return answers?.filter(({ member }) => member.id !== id)
}

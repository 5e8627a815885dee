/**
 * Yields the items in ascending order of cost, lazily: the first by one scan
 * without allocating, as it is mostly all that is taken; only a consumer that
 * goes on pays for sorting the rest. Costs are read once an item and step, so
 * loads that change while the order is being consumed neither repeat an item
 * nor lose one.
 */
export function * bestFirst<T> (items: readonly T[], cost: (item: T) => number, tie: (a: T, b: T) => number): Generator<T, undefined> {
  if (items.length === 0) {
    return
  }

  let best = items[0]
  let least = cost(best)

  for (let i = 1; i < items.length; i++) {
    const item = items[i]
    const itemCost = cost(item)

    if (itemCost < least || (itemCost === least && tie(item, best) < 0)) {
      best = item
      least = itemCost
    }
  }

  yield best

  if (items.length === 1) {
    return
  }

  const rest: Array<{ item: T, cost: number }> = []

  for (const item of items) {
    if (item !== best) {
      rest.push({ item, cost: cost(item) })
    }
  }

  rest.sort((a, b) => a.cost - b.cost || tie(a.item, b.item))

  for (const { item } of rest) {
    yield item
  }
}

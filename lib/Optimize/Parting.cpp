// Parting.cpp - the ways to part an affine between what stands before it and what stands behind.
// SPDX-License-Identifier: Apache-2.0

#include "Parting.h"

namespace bn {

std::vector<Parting> getPartings(const BroadcastMap &map) {
  BroadcastMap nothing = BroadcastMap::uniform(1, 0);
  std::vector<Parting> partings = {{map, nothing, nothing}, {nothing, nothing, map}};
  if (map.hasUnitScale() || map.hasZeroOffset())
    return partings;
  BroadcastMap scale = map.onlyScale(), offset = map.onlyOffset();
  partings.insert(partings.end(), {{scale, nothing, offset}, {scale, offset, nothing}, {nothing, scale, offset}});
  if (std::optional<BroadcastMap> first = map.offsetBeforeScale())
    partings.insert(partings.end(), {{*first, nothing, scale}, {nothing, *first, scale}, {*first, scale, nothing}});
  return partings;
}

} // namespace bn

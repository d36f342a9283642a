// What a snapshot file says beside the bytes (trace/README.md, "Snapshot files"): description and mappings, both ways.
#pragma once

#include <vector>

#include "trace/file/bytes.h"
#include "trace/live/moment.h"

namespace palloscope::trace {

inline constexpr std::uint8_t kSnapshotMagic[8] = {0x89, 'P', 'S', 'S', 'N', 'A', 'P', '\n'};
inline constexpr std::uint16_t kSnapshotMajor = 1, kSnapshotMinor = 0;

enum class SnapshotFrame : std::uint8_t { Description = 1, Mappings = 2, Memory = 3, End = 4 };

Bytes encode_snapshot_description(const Capture& capture);
// `raw` is followed by kReadSlack bytes. False: damaged.
bool decode_snapshot_description(ByteSpan raw, Capture& capture);

Bytes encode_mappings(const std::vector<Mapping>& maps);
bool decode_mappings(ByteSpan raw, std::vector<Mapping>& maps);

}  // namespace palloscope::trace

// Snapshot files (.pssnap): the bytes of a process that its contexts' walk consumed, and what was known of the process.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>

#include "core/base/result.h"
#include "trace/live/moment.h"

namespace palloscope::trace {

struct SnapshotWriteOptions {
  bool anonymize = false;  // texts become codes of the same length; not together with payload
};

// How many texts became codes.
struct AnonymizeReport {
  std::size_t idents = 0, names = 0, statements = 0, titles = 0;
};

bool is_snapshot_file(std::string_view head);  // the file's first bytes; 16 are enough

// The file can be read by its owner alone (mode 0600) and appears whole or not at all.
core::Result<AnonymizeReport> write_snapshot_file(const Capture& capture, const ServerMoment& moment,
                                                  const std::filesystem::path& path,
                                                  const SnapshotWriteOptions& options = {});
core::Result<Capture> open_snapshot_file(const std::filesystem::path& path);

}  // namespace palloscope::trace

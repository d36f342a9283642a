// Replays golden files (trace/golden/golden_file.h) in simulated processes and compares everything they recorded:
// positions, spaces, header words, malloc calls, callback order, error texts, full layouts read from the bytes.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/events/event.h"

namespace palloscope::core {
class Process;
struct VersionProfile;
}  // namespace palloscope::core

namespace palloscope::trace {

// Where in the golden data the replay is. `op` counts from 0, as in the file's "ops".
struct GoldenPlace {
  std::string_view document;  // "pg17-aset"
  std::string_view sequence;
  std::size_t op = 0;
};

struct GoldenDifference {
  std::string document, sequence;
  std::size_t op = 0;
  std::string op_name;  // "alloc"
  std::string key;      // of the result: "at", "ev", "dump.blocks"
  std::string expected, found;
};

// "pg17-aset, reset_reuse, op 12 (alloc): at: expected [0,248], found [0,256]"
std::string describe(const GoldenDifference& difference);

struct GoldenDocumentReport {
  std::string label;
  std::size_t sequences = 0, ops = 0, events = 0;
  std::size_t differences = 0;          // operations whose result differs
  std::vector<GoldenDifference> first;  // of the first such operations
};

struct GoldenReport {
  std::vector<GoldenDocumentReport> documents;

  bool all_equal() const;
};

// Told of everything while a replay runs; tests check their invariants here.
class GoldenObserver {
 public:
  virtual ~GoldenObserver() = default;
  virtual void sequence_began(const GoldenPlace&, const core::VersionProfile&) {}
  // From the process's first event on; `process` is null while it is being made.
  virtual void event(const core::EventBody& event, const core::Process* process) = 0;
  virtual void op_done(const GoldenPlace&, const core::Process&) {}
  virtual void sequence_ended(const GoldenPlace&) {}
};

struct GoldenOptions {
  std::size_t keep_differences = 20;  // per document
  GoldenObserver* observer = nullptr;
};

// Errors: unreadable, not golden data, or a version or build that is not re-built.
core::Result<GoldenReport> replay_golden(const std::filesystem::path& file, const GoldenOptions& options = {});
core::Result<GoldenReport> replay_golden_text(const std::string& name, const std::string& text,
                                              const GoldenOptions& options = {});

}  // namespace palloscope::trace

// TraceReader: a trace file, mapped. Opening reads the index (or rebuilds it by hopping over the frames when the file
// was cut), never the events. Blocks and keyframes are read when asked for; every byte is treated as hostile.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/events/event_sink.h"
#include "trace/file/event_block.h"
#include "trace/file/trace_index.h"

namespace palloscope::trace {

class TraceReader {
 public:
  static core::Result<TraceReader> open(const std::filesystem::path& file);
  // The same for bytes in memory, as if they were a file of that name.
  static core::Result<TraceReader> from_bytes(Bytes bytes, std::string name);

  TraceReader(TraceReader&&) noexcept;
  TraceReader& operator=(TraceReader&&) noexcept;
  ~TraceReader();

  const core::StreamDescription& description() const;
  core::EventNumber size() const;
  // Empty if the file is whole; otherwise what is missing, in words.
  const std::string& problem() const;
  // False: the file has no (good) index at its end and was read frame by frame.
  bool had_index() const;
  std::uint64_t file_bytes() const;

  std::span<const EventBlock> blocks() const;
  std::span<const Keyframe> keyframes() const;
  // Index into blocks() of the block with this event, 1..size().
  std::size_t block_of(core::EventNumber event) const;
  // Index into keyframes() of the last one at or before the event; keyframes().size() if there is none.
  std::size_t keyframe_before(core::EventNumber event) const;

  // Readies `decoder` to decode this block from its first event. Checks the checksum.
  core::Status begin(std::size_t block, EventBlockDecoder& decoder) const;
  // The state that the keyframe holds.
  core::Result<MemoryState> restore(std::size_t keyframe, MemoryState room = {}) const;

 private:
  struct Impl;
  explicit TraceReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace palloscope::trace

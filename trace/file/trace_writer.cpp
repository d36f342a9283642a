#include "trace/file/trace_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "trace/file/event_block_encode.h"
#include "trace/file/keyframe.h"
#include "trace/file/trace_index.h"
#include "trace/replay/event_tape.h"
#include "trace/replay/fetch_chunks.h"
#include "trace/replay/reducer.h"

namespace palloscope::trace {

using namespace core;
using Clock = std::chrono::steady_clock;

namespace {

// The longest text or byte string of an event.
template <class E>
std::size_t longest_text(const E& event) {
  std::size_t longest = 0;
  each_field(event, [&](const auto& field) {
    using F = std::remove_cvref_t<decltype(field)>;
    if constexpr (std::is_same_v<F, std::string> || std::is_same_v<F, std::vector<std::uint8_t>>)
      longest = std::max(longest, field.size());
    if constexpr (std::is_same_v<F, std::optional<std::string>>)
      if (field) longest = std::max(longest, field->size());
  });
  return longest;
}

// A file that is written from its start to its end.
class OutputFile {
 public:
  static Result<std::shared_ptr<OutputFile>> create(const std::filesystem::path& file, mode_t mode) {
    // A new file, not the old one emptied: somebody may have that one mapped, we ourselves for one.
    std::error_code ignored;
    if (std::filesystem::is_regular_file(file, ignored)) std::filesystem::remove(file, ignored);
    int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0) return Error{ErrorCode::Io, fmt::format("{}: cannot be made: {}", file.string(), std::strerror(errno))};
    return std::make_shared<OutputFile>(file.string(), fd);
  }
  OutputFile(std::string name, int fd) : name_(std::move(name)), fd_(fd) {}
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile() { ::close(fd_); }

  Status write(ByteSpan bytes) {
    while (!bytes.empty()) {
      auto written = ::write(fd_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0)
        return Error{ErrorCode::Io, fmt::format("{}: cannot be written: {}", name_, std::strerror(errno))};
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return Done{};
  }

 private:
  std::string name_;
  int fd_;
};

}  // namespace

struct TraceWriter::Impl {
  Output output;
  TraceWriterOptions options;
  EventBlockEncoder encoder;
  MemoryState state;
  SummaryMaker summary;
  Clock::time_point waiting_since;
  TraceIndex part;                 // since the last index frame
  std::uint64_t last_index = 0;    // its offset
  EventNumber written_events = 0;  // in blocks
  EventNumber last_keyframe = 0;
  std::uint64_t offset = 0;
  Status status = Done{};
  bool closed = false;
  Bytes frame, room;

  void write(ByteSpan bytes) {
    if (!status) return;
    status = output(bytes);
    offset += bytes.size();
  }

  void write_frame(FrameHead head, ByteSpan plain, ByteSpan raw) {
    frame.clear();
    append_frame(frame, head, plain, raw, options.compression, room);
    write(frame);
  }

  void begin(const StreamDescription& description) {
    append_file_head(frame);
    write(frame);
    FrameHead head;
    head.type = static_cast<std::uint8_t>(FrameType::Description);
    write_frame(head, {}, encode_description(description));
  }

  template <class E>
  [[gnu::always_inline]] void add(const E& e) {
    if (longest_text(e) > kMaxTextBytes) [[unlikely]] {
      status = Error{ErrorCode::Unsupported, fmt::format("event {} has a text of {} bytes, a trace takes up to {}",
                                                         state.event_number() + 1, longest_text(e), kMaxTextBytes)};
      return;
    }
    if (encoder.count() == 0) [[unlikely]]
      waiting_since = Clock::now();
    summary.before(state, e);
    encoder.add(e);
    state.apply_typed(e);
    summary.after(state, e);
    if (encoder.full()) [[unlikely]]
      write_block();
  }

  void flush_if_due() {
    if (options.flush_after.count() > 0 && encoder.count() > 0 && Clock::now() - waiting_since >= options.flush_after)
      write_block();
  }

  void write_block() {
    auto count = encoder.count();
    if (count == 0 || !status) return;
    FrameHead head;
    head.type = static_cast<std::uint8_t>(FrameType::Events);
    head.first_event = written_events + 1;
    head.event_count = count;
    part.blocks.push_back({head.first_event, count, offset, summary.summary()});
    write_frame(head, encode_summary(summary.summary()), encoder.finish());
    written_events += count;
    summary.clear();
    // Restoring a keyframe costs as the heap is large, so large heaps have fewer.
    auto chunks = state.totals().live_chunk_count + state.totals().free_chunk_count;
    if (written_events - last_keyframe >= std::max(options.events_per_keyframe, 2 * chunks)) write_keyframe();
    if (part.blocks.size() >= options.blocks_per_index) write_index();
  }

  void write_keyframe() {
    auto payload = encode_keyframe(state);
    last_keyframe = written_events;
    if (payload.size() > kMaxRawBytes) return;  // seeking goes without it
    FrameHead head;
    head.type = static_cast<std::uint8_t>(FrameType::Keyframe);
    head.first_event = written_events;
    part.keyframes.push_back({written_events, offset});
    write_frame(head, {}, payload);
  }

  void write_index() {
    FrameHead head;
    head.type = static_cast<std::uint8_t>(FrameType::Index);
    auto at = offset;
    write_frame(head, {}, encode_index(part, last_index));
    last_index = at;
    part = {};
  }

  void close() {
    if (closed) return;
    write_block();
    write_index();
    frame.clear();
    append_file_foot(frame, last_index);
    write(frame);
    closed = true;
  }
};

Result<std::unique_ptr<TraceWriter>> TraceWriter::create(const std::filesystem::path& file,
                                                         const StreamDescription& description,
                                                         const TraceWriterOptions& options) {
  // What was seen in a live process is people's data: SQL, names.
  auto output = OutputFile::create(file, description.source == SourceKind::Snapshot ? 0600 : 0666);
  if (!output) return output.error();
  auto writer =
      std::make_unique<TraceWriter>([to = *output](ByteSpan bytes) { return to->write(bytes); }, description, options);
  if (!writer->status()) return writer->status().error();
  return writer;
}

TraceWriter::TraceWriter(Output output, const StreamDescription& description, const TraceWriterOptions& options)
    : impl_(std::make_unique<Impl>()) {
  impl_->output = std::move(output);
  impl_->options = options;
  impl_->begin(description);
}

TraceWriter::~TraceWriter() { impl_->close(); }

void TraceWriter::emit(const EventBody& event) {
  check(!impl_->closed, "nothing is emitted to a trace that is closed");
  if (!impl_->status) return;
  std::visit([&](const auto& e) { impl_->add(e); }, event);
  if (impl_->encoder.count() % 64 == 0) [[unlikely]]
    impl_->flush_if_due();
}

void TraceWriter::emit(const EventTape& tape) {
  check(!impl_->closed, "nothing is emitted to a trace that is closed");
  visit_fetching(tape, impl_->state, [&impl = *impl_](const auto& e) {
    if (impl.status) [[likely]]
      impl.add(e);
  });
  impl_->flush_if_due();
}

void TraceWriter::flush() { impl_->write_block(); }
void TraceWriter::flush_if_due() { impl_->flush_if_due(); }
Status TraceWriter::close() {
  impl_->close();
  return impl_->status;
}
const Status& TraceWriter::status() const { return impl_->status; }
EventNumber TraceWriter::size() const { return impl_->state.event_number(); }
std::uint64_t TraceWriter::bytes_written() const { return impl_->offset; }

}  // namespace palloscope::trace

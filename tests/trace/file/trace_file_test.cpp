// Whole trace files: written, read, cut, damaged.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>

#include "tests/support/catch.h"
#include "tests/support/random_stream.h"
#include "tests/support/sample_events.h"
#include "trace/file/crc32c.h"
#include "trace/file/frame.h"
#include "trace/file/keyframe.h"
#include "trace/file/trace_reader.h"
#include "trace/file/trace_writer.h"
#include "trace/replay/reducer.h"

using namespace palloscope;
using namespace palloscope::trace;
using Catch::Matchers::ContainsSubstring;
using core::EventBody;

namespace {

const core::StreamDescription kDescription{core::SourceKind::Scenario, 16, true, "A title", "made by a test"};

// As a recording: no timer, so that the same events give the same bytes.
TraceWriterOptions options(std::uint64_t events_per_keyframe = 256 * 1024, Compression compression = Compression::Lz4,
                           std::uint32_t blocks_per_index = 1024) {
  return {compression, events_per_keyframe, blocks_per_index, std::chrono::milliseconds{0}};
}

// `flush_every`: so many events make a block.
Bytes written(const std::vector<EventBody>& events, const TraceWriterOptions& with, std::size_t flush_every = 0,
              bool closed = true) {
  Bytes file;
  bool open = true;
  TraceWriter writer(
      [&](ByteSpan bytes) -> core::Status {
        if (open) file.insert(file.end(), bytes.begin(), bytes.end());
        return core::Done{};
      },
      kDescription, with);
  for (std::size_t i = 0; i < events.size(); ++i) {
    writer.emit(events[i]);
    if (flush_every != 0 && (i + 1) % flush_every == 0) writer.flush();
  }
  if (closed)
    REQUIRE(writer.close());
  else
    writer.flush();
  open = false;
  return file;
}

std::vector<EventBody> read_all(const TraceReader& reader) {
  std::vector<EventBody> events;
  EventBlockDecoder decoder;
  for (std::size_t block = 0; block < reader.blocks().size(); ++block) {
    auto begun = reader.begin(block, decoder);
    INFO((begun ? "" : begun.error().message));
    REQUIRE(begun);
    REQUIRE(decoder.decode(decoder.left(), [&](const auto& e) { events.emplace_back(e); }));
  }
  return events;
}

TraceReader opened(Bytes bytes) {
  auto reader = TraceReader::from_bytes(std::move(bytes), "test.pscope");
  INFO((reader ? "" : reader.error().message));
  REQUIRE(reader);
  return std::move(*reader);
}

// Everything that can be asked of a file: must neither crash nor hang, whatever the bytes.
void use_all(const Bytes& bytes) {
  auto reader = TraceReader::from_bytes(bytes, "test.pscope");
  if (!reader) {
    CHECK_FALSE(reader.error().message.empty());
    return;
  }
  MemoryState state;
  EventBlockDecoder decoder;
  for (std::size_t block = 0; block < reader->blocks().size(); ++block)
    if (reader->begin(block, decoder))
      (void)static_cast<bool>(decoder.decode(decoder.left(), [&](const auto& e) { state.apply_typed(e); }));
  for (std::size_t i = 0; i < reader->keyframes().size(); ++i) (void)static_cast<bool>(reader->restore(i));
}

std::size_t size_of(const std::vector<EventBlock>& blocks) { return blocks.size(); }

}  // namespace

TEST_CASE("what is written is read, block by block, with its description") {
  auto events = test::random_events(1, 50'000);
  for (auto compression : {Compression::None, Compression::Lz4, Compression::Zstd}) {
    auto reader = opened(written(events, options(20'000, compression, 2)));
    CHECK(reader.description() == kDescription);
    CHECK(reader.problem().empty());
    CHECK(reader.had_index());
    CHECK(reader.size() == events.size());
    CHECK(reader.blocks().size() == 4);
    CHECK(read_all(reader) == events);
  }
}

TEST_CASE("write, read, write gives the same bytes") {
  auto events = test::random_events(2, 40'000);
  for (const auto& e : tests::sample_events(1000)) events.push_back(e);
  auto first = written(events, options(16 * 1024));
  CHECK(written(read_all(opened(first)), options(16 * 1024)) == first);
}

TEST_CASE("a stream without events is a whole file") {
  auto reader = opened(written({}, options()));
  CHECK(reader.problem().empty());
  CHECK(reader.size() == 0);
  CHECK(reader.blocks().empty());
}

TEST_CASE("a file on disk is written as it happens and replaced, not emptied") {
  auto path = std::filesystem::temp_directory_path() / "palloscope_trace_file_test.pscope";
  std::filesystem::remove(path);
  auto events = test::random_events(3, 3000);
  {
    auto writer = TraceWriter::create(path, kDescription, options());
    REQUIRE(writer);
    for (const auto& e : events) (*writer)->emit(e);
    (*writer)->flush();
    auto growing = TraceReader::open(path);
    REQUIRE(growing);
    CHECK(growing->size() == events.size());
    CHECK_THAT(growing->problem(), ContainsSubstring("not closed"));
    REQUIRE((*writer)->close());
    CHECK((*writer)->bytes_written() == std::filesystem::file_size(path));
  }
  auto reader = TraceReader::open(path);
  REQUIRE(reader);
  CHECK(reader->problem().empty());
  REQUIRE(TraceWriter::create(path, kDescription, options()));
  CHECK(read_all(*reader) == events);  // the old file is still mapped
  std::filesystem::remove(path);
}

TEST_CASE("a file that cannot be made or read says why") {
  auto writer = TraceWriter::create("/nonexistent/folder/x.pscope", kDescription);
  REQUIRE_FALSE(writer);
  CHECK(writer.error().message == "/nonexistent/folder/x.pscope: cannot be made: No such file or directory");
  auto reader = TraceReader::open("/nonexistent/folder/x.pscope");
  REQUIRE_FALSE(reader);
  CHECK(reader.error().code == core::ErrorCode::NotFound);
  CHECK_FALSE(TraceReader::open("/"));
}

TEST_CASE("a writer that fails once stays quiet and says so at the end") {
  int writes = 0;
  TraceWriter writer(
      [&](ByteSpan) -> core::Status {
        if (++writes < 4) return core::Done{};
        return core::Error{core::ErrorCode::Io, "disk full"};
      },
      kDescription, options());
  for (int i = 0; i < 5; ++i) {
    writer.emit(core::ErrorCaught{});
    writer.flush();
  }
  CHECK(writes == 4);
  auto status = writer.close();
  REQUIRE_FALSE(status);
  CHECK(status.error().message == "disk full");
}

TEST_CASE("keyframes hold the state at their event") {
  auto events = test::random_events(4, 60'000);
  auto reader = opened(written(events, options(16 * 1024)));
  REQUIRE(reader.keyframes().size() == 3);
  MemoryState state;
  std::size_t next = 0;
  for (const auto& e : events) {
    state.apply(e);
    if (next == reader.keyframes().size() || state.event_number() != reader.keyframes()[next].at) continue;
    auto restored = reader.restore(next++);
    INFO((restored ? "" : restored.error().message));
    REQUIRE(restored);
    CHECK(*restored == state);
    auto bytes = encode_keyframe(*restored);
    CHECK(bytes == encode_keyframe(state));
    auto size = bytes.size();
    bytes.resize(size + kReadSlack);
    CHECK_FALSE(decode_keyframe(ByteSpan(bytes).first(size), state.event_number(), 10'000));  // too large to restore
  }
  CHECK(next == 3);
  CHECK(reader.keyframe_before(1) == reader.keyframes().size());
  CHECK(reader.keyframe_before(reader.keyframes()[1].at) == 1);
  CHECK(reader.keyframe_before(reader.keyframes()[1].at - 1) == 0);
}

TEST_CASE("a keyframe of a state with faults comes back") {
  MemoryState state;
  for (const auto& e : tests::sample_events()) state.apply(e);
  REQUIRE(state.fault_count() > 0);
  auto bytes = encode_keyframe(state);
  auto size = bytes.size();
  bytes.resize(size + kReadSlack);
  auto payload = ByteSpan(bytes).first(size);
  auto restored = decode_keyframe(payload, state.event_number(), 1 << 20);
  REQUIRE(restored);
  CHECK(*restored == state);
}

TEST_CASE("summaries tell what their blocks hold") {
  auto events = test::random_events(5, 40'000);
  auto reader = opened(written(events, options(), 1000));
  MemoryState state;
  auto block = reader.blocks().begin();
  BlockSummary expected;
  for (const auto& e : events) {
    auto number = state.event_number() + 1;
    std::visit(
        [&]<class E>(const E& typed) {
          for_each_touched(state, typed, [&](core::ContextSlot context) {
            expected.add_touched(context);
            CHECK(block->summary.may_touch(context));
          });
          CHECK(block->summary.has_kind(E::kTag));
          expected.add_kind(E::kTag);
        },
        e);
    state.apply(e);
    expected.add_totals(state.totals(), number == block->first);
    if (number != block->last()) continue;
    CHECK(block->summary == expected);
    expected = {};
    ++block;
  }
  CHECK(block == reader.blocks().end());
}

TEST_CASE("an index that is missing is rebuilt, the same") {
  auto events = test::random_events(6, 30'000);
  auto file = written(events, options(8000), 1000);
  auto whole = opened(file);
  CHECK(whole.had_index());
  SECTION("the file was never closed") { file = written(events, options(8000), 1000, false); }
  SECTION("its foot is cut off") { file.resize(file.size() - 1); }
  SECTION("its index is damaged") { file[file.size() - kFootBytes - 3] ^= 1; }
  auto rebuilt = opened(file);
  CHECK_FALSE(rebuilt.had_index());
  CHECK(std::equal(rebuilt.blocks().begin(), rebuilt.blocks().end(), whole.blocks().begin(), whole.blocks().end()));
  CHECK(std::equal(rebuilt.keyframes().begin(), rebuilt.keyframes().end(), whole.keyframes().begin(),
                   whole.keyframes().end()));
  CHECK_FALSE(rebuilt.problem().empty());
  CHECK(read_all(rebuilt) == events);
}

TEST_CASE("several index frames chain") {
  auto events = test::random_events(7, 10'000);
  auto file = written(events, options(2000, Compression::Lz4, 7), 100);
  auto reader = opened(file);
  CHECK(reader.had_index());
  CHECK(reader.blocks().size() == 100);
  CHECK(hop_frames(file).index == TraceIndex{{reader.blocks().begin(), reader.blocks().end()},
                                             {reader.keyframes().begin(), reader.keyframes().end()}});
}

TEST_CASE("a file cut at any byte opens to its whole blocks, or is refused with words") {
  auto events = test::random_events(8, 300);
  auto file = written(events, options(100, Compression::Lz4, 2), 50);
  auto whole = opened(file);
  std::vector<std::uint64_t> ends;  // where blocks end
  for (const auto& block : whole.blocks())
    ends.push_back(block.offset + frame_at(file, block.offset)->head.frame_bytes());
  auto description_end = kFileHeadBytes + frame_at(file, kFileHeadBytes)->head.frame_bytes();

  for (std::size_t length = 0; length < file.size(); ++length) {
    CAPTURE(length);
    Bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(length));
    auto reader = TraceReader::from_bytes(cut, "cut.pscope");
    if (length < description_end) {
      REQUIRE_FALSE(reader);
      CHECK_THAT(reader.error().message, ContainsSubstring("cut.pscope: "));
      continue;
    }
    REQUIRE(reader);
    auto blocks = static_cast<std::size_t>(
        std::count_if(ends.begin(), ends.end(), [&](std::uint64_t end) { return end <= length; }));
    REQUIRE(reader->blocks().size() == blocks);
    CHECK_THAT(reader->problem(), ContainsSubstring("cut.pscope: "));
    CHECK(read_all(*reader) == std::vector<EventBody>(events.begin(), events.begin() + 50 * static_cast<long>(blocks)));
  }
  CHECK(size_of({whole.blocks().begin(), whole.blocks().end()}) == 6);
}

TEST_CASE("a file with any byte changed never does worse than lose what was there") {
  auto events = test::random_events(9, 300);
  for (const auto& e : tests::sample_events()) events.push_back(e);
  auto file = written(events, options(100, Compression::Lz4, 2), 50);
  for (std::size_t at = 0; at < file.size(); ++at) {
    auto changed = file;
    changed[at] ^= static_cast<std::uint8_t>(1 << (at % 8));
    auto reader = TraceReader::from_bytes(changed, "changed.pscope");
    if (!reader) continue;
    // What can be read is what was written.
    EventBlockDecoder decoder;
    std::vector<EventBody> read;
    for (std::size_t block = 0; block < reader->blocks().size(); ++block) {
      if (!reader->begin(block, decoder)) break;
      REQUIRE(decoder.decode(decoder.left(), [&](const auto& e) { read.emplace_back(e); }));
    }
    CHECK(read.size() <= events.size());
    CHECK(std::equal(read.begin(), read.end(), events.begin()));
    use_all(changed);
  }
}

TEST_CASE("random bytes with good checksums never crash the reader") {
  auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  auto events = test::random_events(10, 400);
  auto file = written(events, options(100, Compression::None, 2), 50);
  std::vector<std::uint64_t> frames;
  for (std::uint64_t at = kFileHeadBytes; at < file.size() - kFootBytes;
       at += frame_at(file, at).value().head.frame_bytes())
    frames.push_back(at);
  for (int round = 0; round < 3000; ++round) {
    auto changed = file;
    auto offset = frames[random() % frames.size()];
    auto frame = *frame_at(changed, offset);
    auto body = offset + kFrameHeadBytes;
    for (auto changes = random() % 4 + 1; changes > 0; --changes)
      changed[offset + 4 + random() % (frame.head.frame_bytes() - 4)] = static_cast<std::uint8_t>(random());
    // The checksums of what is there now, as a hostile writer would put them.
    auto stored = ByteSpan(changed).subspan(body + frame.head.plain_bytes, frame.head.stored_bytes);
    auto crc = crc32c(stored);
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&crc), 4, &changed[offset + 28]);
    crc =
        crc32c(ByteSpan(changed).subspan(body, frame.head.plain_bytes), crc32c(ByteSpan(changed).subspan(offset, 32)));
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&crc), 4, &changed[offset + 32]);
    use_all(changed);
  }
}

TEST_CASE("files that are no traces, or of another format, are refused with words") {
  auto refused = [](Bytes bytes) {
    auto reader = TraceReader::from_bytes(std::move(bytes), "x");
    REQUIRE_FALSE(reader);
    return reader.error().message;
  };
  CHECK(refused({}) == "x: the file is empty");
  CHECK(refused({'%', 'P', 'D', 'F'}) == "x: not a Palloscope trace (its first bytes are others)");
  Bytes head;
  append_file_head(head);
  CHECK_THAT(refused(head), ContainsSubstring("missing or damaged"));
  head[8] = 9;
  CHECK(refused(head) == "x: bytes 0 to 15 are damaged");
  auto crc = crc32c(ByteSpan(head).first(12));
  std::copy_n(reinterpret_cast<const std::uint8_t*>(&crc), 4, &head[12]);
  CHECK(refused(head) == "x: written in format 9." + std::to_string(kFormatMinor) +
                             ", this version of Palloscope reads format 1: use a newer one");
}

TEST_CASE("frames of unknown types are skipped") {
  auto events = test::random_events(11, 100);
  auto file = written(events, options(), 50, false);
  FrameHead unknown;
  unknown.type = 77;
  Bytes room, with_unknown(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(kFileHeadBytes));
  auto first_end = frame_at(file, kFileHeadBytes)->head.frame_bytes() + kFileHeadBytes;
  with_unknown.assign(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(first_end));
  append_frame(with_unknown, unknown, {}, Bytes{1, 2, 3}, Compression::None, room);
  with_unknown.insert(with_unknown.end(), file.begin() + static_cast<std::ptrdiff_t>(first_end), file.end());
  auto reader = opened(with_unknown);
  CHECK(read_all(reader) == events);
}

TEST_CASE("both ways to compute CRC32C agree, and with the standard's example") {
  std::mt19937_64 random(1);
  Bytes bytes(1000);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  for (std::size_t length = 0; length < bytes.size(); ++length)
    CHECK(crc32c(ByteSpan(bytes).first(length)) == crc32c_by_table(ByteSpan(bytes).first(length)));
  const std::string digits = "123456789";
  CHECK(crc32c({reinterpret_cast<const std::uint8_t*>(digits.data()), 9}) == 0xE3069283);
  CHECK(crc32c(ByteSpan(bytes).subspan(100), crc32c(ByteSpan(bytes).first(100))) == crc32c(bytes));
}

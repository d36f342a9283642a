// Recording behind a thread: the same bytes, the same errors.
#include "trace/file/background_writer.h"

#include <filesystem>

#include "tests/support/catch.h"
#include "tests/support/random_stream.h"
#include "trace/file/trace_reader.h"

using namespace palloscope;
using namespace palloscope::trace;
using core::EventBody;

namespace {

const core::StreamDescription kDescription{core::SourceKind::Recording, 17, false, "A title", "made by a test"};

TraceWriterOptions no_timer() {
  TraceWriterOptions options;
  options.flush_after = {};
  return options;
}

// Appends to `file`; from `fail_at` bytes on there is no room left.
TraceWriter::Output into(Bytes& file, std::size_t fail_at = ~std::size_t{0}) {
  return [&file, fail_at](ByteSpan bytes) -> core::Status {
    if (file.size() + bytes.size() > fail_at) return core::Error{core::ErrorCode::Io, "no space left"};
    file.insert(file.end(), bytes.begin(), bytes.end());
    return core::Done{};
  };
}

std::unique_ptr<BackgroundWriter> background(Bytes& file, std::size_t fail_at = ~std::size_t{0}) {
  return std::make_unique<BackgroundWriter>(
      std::make_unique<TraceWriter>(into(file, fail_at), kDescription, no_timer()), no_timer());
}

}  // namespace

TEST_CASE("A trace written behind a thread has the same bytes as one written at once") {
  const auto events = test::random_events(3, 60'000);
  Bytes direct, behind;
  TraceWriter writer(into(direct), kDescription, no_timer());
  const auto other = background(behind);
  for (std::size_t i = 0; i < events.size(); ++i) {
    writer.emit(events[i]);
    other->emit(events[i]);
    if (i % 17'000 == 16'999) {
      writer.flush();
      other->flush();
      CHECK(behind == direct);
    }
  }
  CHECK(other->size() == events.size());
  REQUIRE(writer.close());
  REQUIRE(other->close());
  CHECK(behind == direct);
  CHECK(other->bytes_written() == direct.size());
}

TEST_CASE("What a background writer flushed can be read though the recording never ends") {
  const auto events = test::random_events(4, 5000);
  Bytes file;
  const auto writer = background(file);
  for (const EventBody& event : events) writer->emit(event);
  writer->flush();
  auto reader = TraceReader::from_bytes(file, "test.pscope");
  REQUIRE(reader);
  CHECK(reader->size() == 5000);
}

TEST_CASE("An output that fails behind the thread is told, and closing says it again") {
  const auto events = test::random_events(5, 100'000);
  Bytes file;
  const auto writer = background(file, 50'000);
  CHECK(writer->status());
  for (const EventBody& event : events) writer->emit(event);
  writer->flush();
  REQUIRE_FALSE(writer->status());
  CHECK(writer->status().error().message == "no space left");
  const core::Status closed = writer->close();
  REQUIRE_FALSE(closed);
  CHECK(closed.error().message == "no space left");
}

TEST_CASE("A background writer that is not closed closes itself") {
  const auto events = test::random_events(6, 700);
  Bytes file;
  {
    const auto writer = background(file);
    for (const EventBody& event : events) writer->emit(event);
  }
  auto reader = TraceReader::from_bytes(file, "test.pscope");
  REQUIRE(reader);
  CHECK(reader->size() == 700);
  CHECK(reader->had_index());
}

TEST_CASE("A background writer says at once that its file cannot be made") {
  auto writer = BackgroundWriter::create("/nonexistent/folder/x.pscope", kDescription);
  REQUIRE_FALSE(writer);
  CHECK(writer.error().code == core::ErrorCode::Io);
}

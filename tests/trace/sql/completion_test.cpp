// What is offered while a question is typed, and the questions that are ready.
#include "trace/sql/completion.h"

#include <algorithm>

#include "core/mcxt/process.h"
#include "tests/support/random_server_stream.h"
#include "tests/trace/sql/asked.h"
#include "trace/sql/ready_questions.h"

namespace palloscope::trace::sql {
namespace {

// `|` is the cursor.
Completion completed(std::string text) {
  static const Timeline timeline = recorded({});
  static Database database(timeline);
  const std::size_t cursor = text.find('|');
  text.erase(cursor, 1);
  return complete(database.tables(), text, cursor);
}

bool offers(const std::string& text, const std::string& word) {
  const auto words = completed(text).words;
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

TEST_CASE("tables follow from and join, columns of the tables that are named come first") {
  CHECK(completed("select * from |").words.size() == 11);
  CHECK(completed("select * from ch|").words == std::vector<std::string>{"chunks"});
  CHECK(offers("select * from events e join |", "contexts"));
  CHECK(completed("select re| from chunks").words.front() == "requested");
  CHECK(completed("select pe| from contexts").words == std::vector<std::string>{"peak_bytes", "peak_event"});
  CHECK(offers("SEL|", "select"));
  CHECK(offers("select e.| from events e", "context_name"));
  CHECK(completed("select | from events").words.empty());
  CHECK(completed("|").words.empty());
  CHECK(completed("select re|").begin == 7);
}

TEST_CASE("kinds of events are offered inside quotes, and nothing that is there already") {
  CHECK(offers("select * from events where kind = 'Chunk|", "ChunkAllocated"));
  CHECK_FALSE(offers("select * from events where kind = 'x' and ch|", "ChunkAllocated"));
  CHECK_FALSE(offers("select * from events|", "events"));
}

TEST_CASE("every ready question has an answer, for each version") {
  for (const int major : {14, 15, 17, 18}) {
    Timeline timeline = Timeline::recording({.pg_major = major, .title = {}, .origin = {}});
    for (const core::EventBody& event : test::random_server_events(3, 1000)) timeline.sink().emit(event);
    if (const core::VersionProfile* profile = core::find_profile(major, false)) {
      core::Process process(*profile, timeline.sink());
      process.palloc(100);
    }
    Database database(timeline);
    for (const ReadyQuestion& question : ready_questions()) {
      INFO(question.id);
      const Asked asked = try_asking(database, std::string(question.sql));
      if (asked.mistake) FAIL(asked.mistake->message);
    }
    CHECK(ask(database, std::string(ready_questions()[8].sql)).size() > 5);
  }
}

}  // namespace palloscope::trace::sql

#include "trace/sql/sliced_question.h"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace palloscope::trace::sql {

using Clock = std::chrono::steady_clock;

struct SlicedQuestion::Impl {
  Impl(Database& asked, std::string words, EventNumber moment, Most limits)
      : database(asked), question(std::move(words)), at(moment), most(limits) {}

  void work();
  bool row(std::span<const Value> values);
  bool pause();  // false: stop
  void take_turn(bool workers);
  void wait_for(bool workers);

  Database& database;
  std::string question;
  EventNumber at;
  Most most;

  // Whose turn it is; everything else belongs to whom that is.
  std::mutex mutex;
  std::condition_variable changed;
  bool workers_turn = false;

  Clock::time_point until;
  bool stopping = false, finished = false;
  std::string doing;
  double share = 0;
  Answer answer;
  std::size_t bytes = 0;
  std::optional<Mistake> mistake;
  std::thread thread;
};

void SlicedQuestion::Impl::take_turn(bool workers) {
  {
    const std::scoped_lock lock(mutex);
    workers_turn = workers;
  }
  changed.notify_all();
}

void SlicedQuestion::Impl::wait_for(bool workers) {
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return workers_turn == workers; });
}

bool SlicedQuestion::Impl::pause() {
  if (!stopping && Clock::now() >= until) {
    take_turn(false);
    wait_for(true);
  }
  return !stopping;
}

bool SlicedQuestion::Impl::row(std::span<const Value> values) {
  for (const Value& value : values) {
    const auto* text = std::get_if<std::string>(&value);
    bytes += sizeof(Value) + (text == nullptr ? 0 : text->size());
  }
  if (answer.rows() >= most.rows || bytes > most.bytes) {
    answer.cut = true;
    return false;
  }
  answer.values.insert(answer.values.end(), values.begin(), values.end());
  return pause();
}

void SlicedQuestion::Impl::work() {
  wait_for(true);
  if (!stopping)
    mistake = database.ask(question, at,
                           {[&](std::vector<AnswerColumn> columns) { answer.columns = std::move(columns); },
                            [&](std::span<const Value> values) { return row(values); },
                            [&](std::string_view what, double done) {
                              doing = what;
                              share = done;
                              return pause();
                            }});
  if (stopping) mistake = Mistake{core::ErrorCode::Cancelled, "stopped", {}};
  finished = true;
  take_turn(false);
}

SlicedQuestion::SlicedQuestion(Database& database, std::string question, EventNumber at)
    : SlicedQuestion(database, std::move(question), at, Most()) {}

SlicedQuestion::SlicedQuestion(Database& database, std::string question, EventNumber at, Most most)
    : impl_(std::make_unique<Impl>(database, std::move(question), at, most)) {
  impl_->thread = std::thread([impl = impl_.get()] { impl->work(); });
}

SlicedQuestion::~SlicedQuestion() {
  stop();
  impl_->thread.join();
}

bool SlicedQuestion::advance(std::chrono::microseconds slice) {
  if (impl_->finished) return true;
  impl_->until = Clock::now() + slice;
  impl_->take_turn(true);
  impl_->wait_for(false);
  return impl_->finished;
}

void SlicedQuestion::stop() {
  if (impl_->finished) return;
  impl_->stopping = true;
  while (!advance(std::chrono::microseconds(0))) {
  }
}

bool SlicedQuestion::done() const { return impl_->finished; }
const std::string& SlicedQuestion::question() const { return impl_->question; }
EventNumber SlicedQuestion::at() const { return impl_->at; }
const Answer& SlicedQuestion::answer() const { return impl_->answer; }
std::size_t SlicedQuestion::answer_bytes() const { return impl_->bytes; }
const std::optional<Mistake>& SlicedQuestion::mistake() const { return impl_->mistake; }
std::string_view SlicedQuestion::doing() const { return impl_->doing; }
double SlicedQuestion::share() const { return impl_->share; }

}  // namespace palloscope::trace::sql

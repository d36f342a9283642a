// The replacement policies: sequences worked by hand, results known from the textbooks, and each policy against a slow
// model of itself that keeps plain lists.
#include "trace/analysis/policies.h"

#include <fmt/format.h>

#include <algorithm>
#include <list>
#include <map>
#include <random>
#include <string>

#include "tests/support/catch.h"

namespace palloscope::trace {
namespace {

using Policy = ReplacementPolicy;

core::PageTag page(std::uint32_t number) { return {1663, 5, 1000, 0, number}; }

// One letter a page; an upper-case one is dirtied.
void feed(PolicyLab& lab, const std::string& letters, std::optional<std::uint32_t> ring = std::nullopt) {
  for (const char letter : letters) {
    const bool dirties = letter >= 'A' && letter <= 'Z';
    const core::PageTag tag = page(static_cast<std::uint32_t>(dirties ? letter - 'A' : letter - 'a'));
    lab.access(tag, ring);
    if (dirties) lab.dirty(tag);
  }
}

// The pages that the policy holds, as letters.
std::string held(const PolicyLab& lab, Policy policy) {
  std::string letters;
  for (std::uint32_t number = 0; number < 26; ++number)
    if (lab.holds(policy, page(number))) letters += static_cast<char>('a' + number);
  return letters;
}

constexpr Policy kAll[] = {Policy::ClockSweep, Policy::ClockWithoutRings, Policy::Lru, Policy::TwoQ, Policy::Arc};

TEST_CASE("LRU replaces the page that was used longest ago") {
  PolicyLab lab(3);
  feed(lab, "abcad");
  CHECK(held(lab, Policy::Lru) == "acd");
  CHECK(lab.counts(Policy::Lru) == PolicyCounts{5, 1, 1, 0});
}

TEST_CASE("the clock takes the first page whose usage count has come down to zero") {
  PolicyLab lab(3);
  feed(lab, "aabc");  // usage a 2, b 1, c 1
  feed(lab, "d");     // the hand: a 1, b 0, c 0, a 0, then b
  CHECK(held(lab, Policy::ClockSweep) == "acd");
  feed(lab, "e");  // the hand stands at c
  CHECK(held(lab, Policy::ClockSweep) == "ade");
  feed(lab, "f");  // a
  CHECK(held(lab, Policy::ClockSweep) == "def");
  CHECK(lab.counts(Policy::ClockSweep) == PolicyCounts{7, 1, 3, 0});
}

TEST_CASE("a usage count above five does not buy a page another round") {
  PolicyLab lab(2);
  feed(lab, "aaaaaaaaaab");
  feed(lab, "c");  // a 4, b 0, a 3, then b
  CHECK(held(lab, Policy::ClockSweep) == "ac");
  feed(lab, "d");  // a 2, c 0, a 1, then c
  feed(lab, "e");  // a 0, d 0, then a
  CHECK(held(lab, Policy::ClockSweep) == "de");
}

TEST_CASE("2Q lets a page in for good when it comes back while it is remembered") {
  PolicyLab lab(4);   // one page seen once is enough, two are remembered
  feed(lab, "abcd");  // all seen once
  feed(lab, "e");     // a leaves, remembered
  CHECK(held(lab, Policy::TwoQ) == "bcde");
  feed(lab, "b");  // a hit among those seen once changes nothing
  feed(lab, "a");  // comes back: b leaves, a is in for good
  CHECK(held(lab, Policy::TwoQ) == "acde");
  feed(lab, "fg");  // c, d leave
  CHECK(held(lab, Policy::TwoQ) == "aefg");
  feed(lab, "hi");
  CHECK(held(lab, Policy::TwoQ) == "aghi");
  CHECK(lab.counts(Policy::TwoQ) == PolicyCounts{11, 1, 6, 0});
}

TEST_CASE("ARC moves its target towards what it would have needed") {
  PolicyLab lab(2);
  feed(lab, "aa");  // a twice
  feed(lab, "b");   // T1 b, T2 a
  feed(lab, "c");   // target 0: b leaves, remembered
  CHECK(held(lab, Policy::Arc) == "ac");
  feed(lab, "b");  // remembered from T1: target 1; c may stay, a leaves
  CHECK(held(lab, Policy::Arc) == "bc");
  feed(lab, "a");  // remembered from T2: target 0 again; c leaves
  CHECK(held(lab, Policy::Arc) == "ab");
  CHECK(lab.counts(Policy::Arc) == PolicyCounts{6, 1, 3, 0});
}

TEST_CASE(
    "a loop that is a page larger than the cache never hits under LRU, the clock and ARC; 2Q keeps a part of it") {
  PolicyLab lab(8);
  for (int round = 0; round < 50; ++round) feed(lab, "abcdefghi");
  CHECK(lab.counts(Policy::Lru).hits == 0);
  CHECK(lab.counts(Policy::Arc).hits == 0);
  CHECK(lab.counts(Policy::ClockSweep).hits == 0);
  CHECK(lab.counts(Policy::ClockWithoutRings).hits == 0);
  CHECK(lab.counts(Policy::TwoQ).hits > 100);
}

TEST_CASE("a loop that fits misses each page once under every policy") {
  PolicyLab lab(9);
  for (int round = 0; round < 50; ++round) feed(lab, "abcdefghi");
  for (const Policy policy : kAll) {
    INFO(policy_name(policy));
    CHECK(lab.counts(policy) == PolicyCounts{450, 441, 0, 0});
  }
}

TEST_CASE("pages used again and again survive one long scan under ARC and 2Q, not under LRU") {
  PolicyLab lab(100);
  const auto use_hot = [&] {
    for (std::uint32_t i = 0; i < 20; ++i) lab.access(page(i));
  };
  // Used, pushed out of those seen once, and used again: now they are known as hot.
  use_hot();
  for (std::uint32_t i = 100; i < 200; ++i) lab.access(page(i));
  for (int round = 0; round < 10; ++round) use_hot();
  const auto before = lab.counts();
  for (std::uint32_t i = 1000; i < 3000; ++i) lab.access(page(i));
  use_hot();
  const auto hits = [&](Policy policy) {
    return lab.counts(policy).hits - before[static_cast<std::size_t>(policy)].hits;
  };
  CHECK(hits(Policy::Arc) == 20);
  CHECK(hits(Policy::TwoQ) == 20);
  CHECK(hits(Policy::Lru) == 0);
  CHECK(hits(Policy::ClockSweep) == 0);  // five rounds of the hand, and they are gone too
}

TEST_CASE("a scan in a ring leaves the rest of the pool alone, under the clock that knows rings") {
  PolicyLab lab(64);
  for (int round = 0; round < 3; ++round)
    for (std::uint32_t i = 0; i < 64; ++i) lab.access(page(i));
  lab.ring_created(7, 32);  // no more than an eighth of the pool: 8
  for (std::uint32_t i = 1000; i < 3000; ++i) lab.access(page(i), 7);
  const auto still_there = [&](Policy policy) {
    int pages = 0;
    for (std::uint32_t i = 0; i < 64; ++i) pages += lab.holds(policy, page(i)) ? 1 : 0;
    return pages;
  };
  CHECK(still_there(Policy::ClockSweep) == 56);
  CHECK(still_there(Policy::ClockWithoutRings) == 0);
  CHECK(still_there(Policy::Lru) == 0);
}

TEST_CASE("a write is a dirty page that is replaced; one that was dropped or made clean is none") {
  PolicyLab lab(3);
  feed(lab, "ABC");
  lab.drop(page(0));
  lab.clean(page(1));
  feed(lab, "def");  // d takes the free buffer; then b, clean, and c, dirty, leave
  CHECK(lab.counts(Policy::Lru) == PolicyCounts{6, 0, 2, 1});
  // The hand finds d, b and c used once, then d not again, then b.
  CHECK(lab.counts(Policy::ClockSweep) == PolicyCounts{6, 0, 2, 0});
  lab.dirty(page(0));  // no policy holds it: written at once
  CHECK(lab.counts(Policy::Lru).writes == 2);
  lab.dirty(page(25));  // never accessed here
  CHECK(lab.counts(Policy::Lru).writes == 2);
}

TEST_CASE("a laboratory of no buffers has one") {
  PolicyLab lab(0);
  feed(lab, "aabab");
  for (const Policy policy : kAll) CHECK(lab.counts(policy).hits == 1);
}

// --- slow models ------------------------------------------------------------------------------------------------

using Pages = std::list<std::uint32_t>;  // newest first

bool take(Pages& pages, std::uint32_t wanted) {
  const auto found = std::find(pages.begin(), pages.end(), wanted);
  if (found == pages.end()) return false;
  pages.erase(found);
  return true;
}
bool has(const Pages& pages, std::uint32_t wanted) {
  return std::find(pages.begin(), pages.end(), wanted) != pages.end();
}

struct SlowLru {
  std::size_t c;
  Pages all;
  bool access(std::uint32_t x) {
    const bool hit = take(all, x);
    if (!hit && all.size() == c) all.pop_back();
    all.push_front(x);
    return hit;
  }
};

struct SlowTwoQ {
  std::size_t c;
  Pages a1in, a1out, am;
  void reclaim() {
    if (a1in.size() + am.size() < c) return;
    if (a1in.size() > std::max<std::size_t>(1, c / 4) || am.empty()) {
      a1out.push_front(a1in.back());
      a1in.pop_back();
      if (a1out.size() > std::max<std::size_t>(1, c / 2)) a1out.pop_back();
    } else {
      am.pop_back();
    }
  }
  bool access(std::uint32_t x) {
    if (take(am, x)) return am.push_front(x), true;
    if (has(a1in, x)) return true;
    const bool remembered = take(a1out, x);
    reclaim();
    (remembered ? am : a1in).push_front(x);
    return false;
  }
};

struct SlowArc {
  std::size_t c;
  Pages t1, t2, b1, b2;
  std::size_t p = 0;
  void replace(bool in_b2) {
    if (t1.size() + t2.size() < c) return;
    if (!t1.empty() && ((in_b2 && t1.size() == p) || t1.size() > p)) {
      b1.push_front(t1.back());
      t1.pop_back();
    } else {
      b2.push_front(t2.back());
      t2.pop_back();
    }
  }
  bool access(std::uint32_t x) {
    if (take(t1, x) || take(t2, x)) return t2.push_front(x), true;
    if (has(b1, x)) {
      p = std::min(c, p + std::max<std::size_t>(1, b2.size() / b1.size()));
      replace(false);
      take(b1, x);
      t2.push_front(x);
    } else if (has(b2, x)) {
      const std::size_t less = std::max<std::size_t>(1, b1.size() / b2.size());
      p = p > less ? p - less : 0;
      replace(true);
      take(b2, x);
      t2.push_front(x);
    } else {
      if (t1.size() + b1.size() == c) {
        if (t1.size() < c) {
          b1.pop_back();
          replace(false);
        } else {
          t1.pop_back();
        }
      } else {
        if (t1.size() + t2.size() + b1.size() + b2.size() == 2 * c) b2.pop_back();
        replace(false);
      }
      t1.push_front(x);
    }
    return false;
  }
};

struct SlowClock {
  std::size_t c;
  std::vector<std::pair<std::uint32_t, int>> frames;
  std::size_t hand = 0;
  bool access(std::uint32_t x) {
    for (auto& [held, usage] : frames)
      if (held == x) return usage = std::min(5, usage + 1), true;
    if (frames.size() < c) return frames.emplace_back(x, 1), false;
    while (frames[hand].second > 0) --frames[hand].second, hand = (hand + 1) % c;
    frames[hand] = {x, 1};
    hand = (hand + 1) % c;
    return false;
  }
};

TEST_CASE("every policy hits where a slow model of it hits") {
  const auto seed = static_cast<std::uint64_t>(std::random_device{}());
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (int run = 0; run < 40; ++run) {
    const auto buffers = static_cast<std::uint32_t>(1 + random() % 40);
    INFO("run " << run << ", " << buffers << " buffers");
    PolicyLab lab(buffers);
    SlowClock clock{buffers, {}};
    SlowLru lru{buffers, {}};
    SlowTwoQ two_q{buffers, {}, {}, {}};
    SlowArc arc{buffers, {}, {}, {}, {}};
    std::map<Policy, std::uint64_t> hits;
    std::uint32_t scan = 0;
    for (int step = 0; step < 3000; ++step) {
      // Skewed towards small numbers, with scans in between.
      if (scan == 0 && random() % 200 == 0) scan = static_cast<std::uint32_t>(random() % 100);
      const std::uint64_t width = 1 + random() % (3 * std::uint64_t{buffers} + 5);
      const auto x = scan > 0 ? 1000 + scan-- : static_cast<std::uint32_t>(random() % width);
      lab.access(page(x));
      hits[Policy::ClockSweep] += clock.access(x);
      hits[Policy::Lru] += lru.access(x);
      hits[Policy::TwoQ] += two_q.access(x);
      hits[Policy::Arc] += arc.access(x);
      for (const auto& [policy, expected] : hits)
        if (lab.counts(policy).hits != expected) {
          INFO("step " << step << ", " << policy_name(policy));
          REQUIRE(lab.counts(policy).hits == expected);
        }
    }
    CHECK(lab.counts(Policy::ClockWithoutRings) == lab.counts(Policy::ClockSweep));
  }
}

}  // namespace
}  // namespace palloscope::trace

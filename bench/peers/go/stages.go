// stages.go - goroutines and buffered channels as a driver of the benchmark: stages, sleeper, skew (bench/driver.h).
//
// Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
package main

import (
	"fmt"
	"sort"
	"sync"
	"time"
)

const (
	burst    = 20  // items put at once by skew, each millisecond
	slowStep = 500 // one of so many is slow
)

var void uint64

func churn(x uint64, steps int) uint64 {
	for i := 0; i < steps; i++ {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	return x
}

// work does the work of one item in one stage.
func work(item uint64, steps int) {
	if steps > 0 && churn(item, steps) == 1 {
		void = item
	}
}

func isSlow(item uint64) bool {
	return args.slow && item%slowStep == slowStep/2
}

// startStage runs a stage in goroutines, and closes its output when its input is closed and all have ended.
func startStage(goroutines int, in <-chan uint64, out chan<- uint64, run func(item uint64)) {
	var all sync.WaitGroup
	all.Add(goroutines)
	for i := 0; i < goroutines; i++ {
		go func() {
			for item := range in {
				run(item)
				out <- item
			}
			all.Done()
		}()
	}
	go func() {
		all.Wait()
		close(out)
	}()
}

func feed(out chan<- uint64, dueAt []time.Duration) {
	due := time.Since(begin)
	for i := 0; i < args.items; i++ {
		if dueAt != nil {
			if i%burst == 0 {
				time.Sleep(due - time.Since(begin))
			}
			dueAt[i] = due
			if i%burst == burst-1 {
				due += time.Millisecond
			}
		}
		out <- uint64(i + 1)
	}
	close(out)
}

// middle is what the second stage does.
func middle(steps, slowSteps int) func(uint64) {
	switch workload {
	case "sleeper":
		return func(uint64) { time.Sleep(time.Millisecond) }
	case "skew":
		return func(item uint64) {
			if isSlow(item) {
				work(item, slowSteps)
			} else {
				work(item, steps)
			}
		}
	default:
		return func(item uint64) { work(item, steps) }
	}
}

func latencies(took []time.Duration) string {
	var others []time.Duration
	for i, one := range took {
		if !isSlow(uint64(i + 1)) {
			others = append(others, one)
		}
	}
	sort.Slice(others, func(a, b int) bool { return others[a] < others[b] })
	us := func(d time.Duration) float64 { return float64(d) / 1e3 }
	n := len(others)
	return fmt.Sprintf(" p50_us=%.1f p99_us=%.1f max_us=%.1f", us(others[n/2]), us(others[n*99/100]), us(others[n-1]))
}

func runStages() {
	steps := int(args.perUs*float64(args.work)/1e3 + 0.5)
	var dueAt, took []time.Duration
	if workload == "skew" {
		dueAt, took = make([]time.Duration, args.items), make([]time.Duration, args.items)
		steps = int(args.perUs * 10)
	}
	if workload == "sleeper" {
		args.threads = [3]int{2, 8, 2}
	}
	quick := func(item uint64) { work(item, steps) }
	run := [3]func(uint64){quick, middle(steps, int(args.perUs*5000)), quick}
	var queues [4]chan uint64
	for i := range queues {
		queues[i] = make(chan uint64, args.capacity)
	}
	from := readNow()
	for i := range run {
		startStage(args.threads[i], queues[i], queues[i+1], run[i])
	}
	go feed(queues[0], dueAt)
	sum, count := uint64(0), 0
	for item := range queues[3] {
		sum += item
		count++
		if took != nil {
			took[item-1] = time.Since(begin) - dueAt[item-1]
		}
	}
	to := readNow()
	n := uint64(args.items)
	if count != args.items || sum != n*(n+1)/2 {
		fail("%d items with the sum %d came out of %d", count, sum, args.items)
	}
	more := ""
	if took != nil {
		more = latencies(took)
	}
	printResult(from, to, args.items, more)
}

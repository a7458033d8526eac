// tasks.go - goroutines and a WaitGroup as a driver of the benchmark: tasks, fanout, nested (bench/driver.h).
//
// Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
package main

import (
	"runtime"
	"sync"
	"time"
)

const children = 10

func tasksRound(from, to int) {
	var all sync.WaitGroup
	all.Add(to - from)
	for i := from; i < to; i++ {
		go all.Done()
	}
	all.Wait()
}

func fanoutRound(from, to int) {
	var all sync.WaitGroup
	results := make([]int, to-from)
	all.Add(to - from)
	for i := range results {
		go func(i int) {
			results[i] = from + i
			all.Done()
		}(i)
	}
	all.Wait()
	checkRound(from, to, sumOf(results))
}

func sumOfChildren(number int) int {
	var all sync.WaitGroup
	var results [children]int
	all.Add(children)
	for i := range results {
		go func(i int) {
			results[i] = number
			all.Done()
		}(i)
	}
	all.Wait()
	return sumOf(results[:])
}

func nestedRound(from, to int) {
	var all sync.WaitGroup
	results := make([]int, to-from)
	all.Add(to - from)
	for i := range results {
		go func(i int) {
			results[i] = sumOfChildren(from + i)
			all.Done()
		}(i)
	}
	all.Wait()
	checkRound(from, to, sumOf(results)/children)
}

func sumOf(results []int) int {
	sum := 0
	for _, result := range results {
		sum += result
	}
	return sum
}

func checkRound(from, to, sum int) {
	if sum != (to-1)*to/2-(from-1)*from/2 {
		fail("wrong sum of results: %d", sum)
	}
}

// runRounds runs rounds in each of `submitters` goroutines: first untimed, then timed.
func runRounds(round func(from, to int), submitters, tasks int) {
	runtime.GOMAXPROCS(args.pool)
	var warm, ready, over sync.WaitGroup
	warm.Add(submitters)
	ready.Add(1)
	over.Add(submitters)
	for s := 0; s < submitters; s++ {
		go func(from, to int) {
			for end := time.Now().Add(args.warm); time.Now().Before(end); {
				round(from, to)
			}
			warm.Done()
			ready.Wait()
			for i := 0; i < args.rounds; i++ {
				round(from, to)
			}
			over.Done()
		}(1+args.items*s/submitters, 1+args.items*(s+1)/submitters)
	}
	warm.Wait()
	from := readNow()
	ready.Done()
	over.Wait()
	printResult(from, readNow(), args.items*args.rounds*tasks, "")
}

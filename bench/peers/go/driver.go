// driver.go - the command line, the measurement and the result line of bench/driver.h, in Go.
//
// Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

var args = struct {
	producers, capacity, items, work, rounds, pool int
	threads                                        [3]int
	perUs                                          float64
	warm                                           time.Duration
	slow                                           bool
}{1, 1024, 100000, 0, 1, 2, [3]int{3, 4, 5}, 0, 300 * time.Millisecond, false}

var workload string

type reading struct {
	wall, cpu float64
	switches  int64
}

func fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, "go: "+format+"\n", values...)
	os.Exit(1)
}

func secondsOf(t syscall.Timeval) float64 {
	return float64(t.Sec) + float64(t.Usec)*1e-6
}

var begin = time.Now()

func readNow() reading {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return reading{time.Since(begin).Seconds(), secondsOf(usage.Utime) + secondsOf(usage.Stime), usage.Nvcsw + usage.Nivcsw}
}

func printResult(from, to reading, items int, more string) {
	wall := to.wall - from.wall
	fmt.Printf("go %s items_per_s=%.1f wall_s=%.6f cpu_s=%.6f ctxsw=%d%s\n", workload, float64(items)/wall, wall,
		to.cpu-from.cpu, to.switches-from.switches, more)
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	if err != nil {
		fail("not a number: %s", text)
	}
	return value
}

func parse(word string) {
	key, value, _ := strings.Cut(word, "=")
	switch key {
	case "p":
		args.producers = number(value)
	case "cap":
		args.capacity = number(value)
	case "n":
		args.items = number(value)
	case "work":
		args.work = number(value)
	case "rounds":
		args.rounds = number(value)
	case "threads":
		args.pool = number(value)
	case "slow":
		args.slow = number(value) != 0
	case "ipu":
		args.perUs, _ = strconv.ParseFloat(value, 64)
	case "warm":
		seconds, _ := strconv.ParseFloat(value, 64)
		args.warm = time.Duration(seconds * 1e9)
	case "w":
		for i, text := range strings.SplitN(value, ",", 3) {
			args.threads[i] = number(text)
		}
	default:
		fail("unknown key: %s", word)
	}
}

func main() {
	if len(os.Args) < 2 {
		fail("usage: go WORKLOAD [key=value ...]")
	}
	workload = os.Args[1]
	for _, word := range os.Args[2:] {
		parse(word)
	}
	switch workload {
	case "tasks":
		runRounds(tasksRound, args.producers, 1)
	case "fanout":
		runRounds(fanoutRound, 1, 1)
	case "nested":
		runRounds(nestedRound, 1, 1+children)
	case "stages", "sleeper", "skew":
		runStages()
	default:
		os.Exit(77)
	}
}

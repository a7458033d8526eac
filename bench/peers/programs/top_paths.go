// The peer of top_paths: goroutines count the paths of 1 MB chunks of lines, each in a map of its own.
//
//	top_paths THREADS <LOG
//
// Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sort"
	"strconv"
	"sync"
)

type entry struct{ requests, bytes uint64 }

func countLine(counts map[string]*entry, line []byte) {
	quote := bytes.IndexByte(line, '"')
	if quote < 0 {
		return
	}
	start := bytes.IndexByte(line[quote:], ' ') + quote + 1
	end := bytes.IndexByte(line[start:], ' ') + start
	var size uint64
	for _, digit := range line[bytes.LastIndexByte(line, ' ')+1:] {
		size = size*10 + uint64(digit-'0')
	}
	found := counts[string(line[start:end])]
	if found == nil {
		found = &entry{}
		counts[string(line[start:end])] = found
	}
	found.requests++
	found.bytes += size
}

func count(chunks <-chan []byte, results chan<- map[string]*entry) {
	counts := map[string]*entry{}
	for chunk := range chunks {
		for len(chunk) > 0 {
			end := bytes.IndexByte(chunk, '\n')
			if end < 0 {
				end = len(chunk) - 1
			}
			countLine(counts, bytes.TrimRight(chunk[:end+1], "\n"))
			chunk = chunk[end+1:]
		}
	}
	results <- counts
}

func read(chunks chan<- []byte) {
	var rest []byte
	for {
		chunk := make([]byte, len(rest)+1<<20)
		copy(chunk, rest)
		got, err := io.ReadFull(os.Stdin, chunk[len(rest):])
		chunk = chunk[:len(rest)+got]
		rest = nil
		if err == nil {
			end := bytes.LastIndexByte(chunk, '\n') + 1
			rest, chunk = chunk[end:], chunk[:end]
		}
		chunks <- chunk
		if err != nil {
			close(chunks)
			return
		}
	}
}

func main() {
	threads, _ := strconv.Atoi(os.Args[1])
	chunks, results := make(chan []byte, 8), make(chan map[string]*entry, threads)
	var group sync.WaitGroup
	for i := 0; i < threads; i++ {
		group.Add(1)
		go func() { defer group.Done(); count(chunks, results) }()
	}
	read(chunks)
	group.Wait()
	close(results)
	total := map[string]*entry{}
	for counts := range results {
		for path, found := range counts {
			if known := total[path]; known == nil {
				total[path] = found
			} else {
				known.requests += found.requests
				known.bytes += found.bytes
			}
		}
	}
	paths := []string{}
	for path := range total {
		paths = append(paths, path)
	}
	sort.Slice(paths, func(i, j int) bool {
		a, b := total[paths[i]], total[paths[j]]
		return a.requests > b.requests || (a.requests == b.requests && paths[i] < paths[j])
	})
	if len(paths) > 10 {
		paths = paths[:10]
	}
	for _, path := range paths {
		fmt.Printf("%8d %12d %s\n", total[path].requests, total[path].bytes, path)
	}
}

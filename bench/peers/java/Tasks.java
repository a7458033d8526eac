/*
 * Tasks.java - Java's fixed ThreadPoolExecutor, and its ForkJoinPool, as drivers of the benchmark: `Tasks POOL WORKLOAD
 * key=value ...` with the workloads tasks, fanout and nested of bench/driver.h.
 *
 * In the fixed pool, a task that waited for another one could block all threads, so the last of the nested tasks ends
 * their parent instead. In the ForkJoinPool it joins them. The warm-up lets the JIT compile the rounds.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.concurrent.Future;
import java.util.concurrent.RecursiveTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;

public final class Tasks {
    private interface Round {
        void run(int from, int to) throws Exception;
    }

    private record Reading(double wall, double cpu, Map<Path, Long> switches) {}

    private static final int CHILDREN = 10;
    private static int producers = 1, items = 10000, rounds = 1, threads = 2;
    private static double warm = 0.3;
    private static String pool, workload;
    private static ExecutorService executor;

    // ---- rounds ----

    private static void tasks(int from, int to) throws Exception {
        CountDownLatch all = new CountDownLatch(to - from);
        for (int i = from; i < to; i++)
            executor.execute(all::countDown);
        all.await();
    }

    private static void fanout(int from, int to) throws Exception {
        List<Callable<Long>> calls = new ArrayList<>(to - from);
        for (int i = from; i < to; i++) {
            long number = i;
            calls.add(() -> number);
        }
        long sum = 0;
        for (Future<Long> result : executor.invokeAll(calls))
            sum += result.get();
        check(from, to, sum, 1);
    }

    private static void nested(int from, int to) throws Exception {
        long[] results = new long[to - from];
        CountDownLatch all = new CountDownLatch(to - from);
        for (int i = 0; i < results.length; i++) {
            int at = i;
            executor.execute(() -> submitChildren(results, at, from + at, all));
        }
        all.await();
        check(from, to, sumOf(results), CHILDREN);
    }

    private static void submitChildren(long[] results, int at, long number, CountDownLatch all) {
        AtomicInteger left = new AtomicInteger(CHILDREN);
        long[] children = new long[CHILDREN];
        for (int i = 0; i < CHILDREN; i++) {
            int child = i;
            executor.execute(() -> {
                children[child] = number;
                if (left.decrementAndGet() == 0) {
                    results[at] = sumOf(children);
                    all.countDown();
                }
            });
        }
    }

    private static final class Parent extends RecursiveTask<Long> {
        private static final long serialVersionUID = 1;
        private final long number;

        Parent(long number) {
            this.number = number;
        }

        @Override
        protected Long compute() {
            List<ForkJoinTask<Long>> children = new ArrayList<>(CHILDREN);
            for (int i = 0; i < CHILDREN; i++)
                children.add(ForkJoinTask.adapt(() -> number));
            long sum = 0;
            for (ForkJoinTask<Long> child : ForkJoinTask.invokeAll(children))
                sum += child.join();
            return sum;
        }
    }

    private static void forked(int from, int to) {
        List<Parent> parents = new ArrayList<>(to - from);
        for (int i = from; i < to; i++) {
            Parent parent = new Parent(i);
            parents.add(parent);
            ((ForkJoinPool) executor).execute(parent);
        }
        long sum = 0;
        for (Parent parent : parents)
            sum += parent.join();
        check(from, to, sum, CHILDREN);
    }

    private static long sumOf(long[] results) {
        long sum = 0;
        for (long result : results)
            sum += result;
        return sum;
    }

    private static void check(long from, long to, long sum, long times) {
        if (sum != times * ((to - 1) * to / 2 - (from - 1) * from / 2))
            throw new IllegalStateException("wrong sum of results: " + sum);
    }

    // ---- measuring ----

    private static long switchesOf(Path task) {
        try (Stream<String> lines = Files.lines(task.resolve("status"))) {
            return lines.filter(line -> line.contains("ctxt_switches"))
                .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(':') + 1).trim())).sum();
        } catch (IOException ended) {
            return 0;
        }
    }

    private static Map<Path, Long> switches() {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            return tasks.collect(Collectors.toMap(task -> task, Tasks::switchesOf));
        } catch (IOException noProc) {
            return Map.of();
        }
    }

    private static Reading readNow() {
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        return new Reading(System.nanoTime() * 1e-9, system.getProcessCpuTime() * 1e-9, switches());
    }

    /* The context switches of the threads that lived all the time. */
    private static long switchesBetween(Reading from, Reading to) {
        return to.switches.entrySet().stream()
            .mapToLong(task -> task.getValue() - from.switches.getOrDefault(task.getKey(), task.getValue())).sum();
    }

    private static void submit(Round round, CyclicBarrier gate, int from, int to) {
        try {
            for (long end = System.nanoTime() + (long) (warm * 1e9); System.nanoTime() < end;)
                round.run(from, to);
            gate.await();
            gate.await();
            for (int i = 0; i < rounds; i++)
                round.run(from, to);
            gate.await();
            gate.await(); // the second reading
        } catch (Exception failure) {
            failure.printStackTrace();
            System.exit(1);
        }
    }

    private static void runRounds(Round round, int submitters, int tasks) throws Exception {
        CyclicBarrier gate = new CyclicBarrier(submitters + 1);
        for (int s = 0; s < submitters; s++) {
            int from = (int) (1 + (long) items * s / submitters), to = (int) (1 + (long) items * (s + 1) / submitters);
            new Thread(() -> submit(round, gate, from, to)).start();
        }
        gate.await();
        Reading from = readNow();
        double begin = System.nanoTime() * 1e-9;
        gate.await();
        gate.await();
        double wall = System.nanoTime() * 1e-9 - begin;
        Reading to = readNow();
        gate.await();
        System.out.printf(Locale.ROOT, "%s %s items_per_s=%.1f wall_s=%.6f cpu_s=%.6f ctxsw=%d%n", pool, workload,
            (double) items * rounds * tasks / wall, wall, to.cpu - from.cpu,
            switchesBetween(from, to));
        executor.shutdown();
    }

    // ---- the command line ----

    private static void parse(String word) {
        String value = word.substring(word.indexOf('=') + 1);
        switch (word.substring(0, Math.max(0, word.indexOf('=')))) {
            case "p" -> producers = Integer.parseInt(value);
            case "n" -> items = Integer.parseInt(value);
            case "rounds" -> rounds = Integer.parseInt(value);
            case "threads" -> threads = Integer.parseInt(value);
            case "warm" -> warm = Double.parseDouble(value);
            default -> throw new IllegalArgumentException("unknown key: " + word);
        }
    }

    public static void main(String[] args) throws Exception {
        pool = args[0];
        workload = args[1];
        for (int i = 2; i < args.length; i++)
            parse(args[i]);
        boolean forks = pool.equals("java_fork");
        executor = forks ? new ForkJoinPool(threads) : Executors.newFixedThreadPool(threads);
        switch (workload) {
            case "tasks" -> runRounds(Tasks::tasks, producers, 1);
            case "fanout" -> runRounds(Tasks::fanout, 1, 1);
            case "nested" -> runRounds(forks ? Tasks::forked : Tasks::nested, 1, 1 + CHILDREN);
            default -> System.exit(77);
        }
    }
}

/* Eviction of etcd voters: what supervisor/core/{change,lease,collector,voter} and gossip/verdict do, checked with SPIN. README.md says what is left out.
 *
 * etcd    a linearizable store: each atomic block that touches store state is one transaction or one linearizable read. MemberRemove has no
 *         precondition: it is a message that may land at any later time, or never, whoever holds the key by then (measured on etcd 3.4.23).
 * pause   a process may stop between any two lines for any time (interleaving).
 * key     expires EMAX times at any moment, and always once its holder is down or evicted.
 * faults  CRASH voters die for good, CUT voters vanish and may come back (= the victim lives), but a majority of the current voters is up
 *         at every moment, and one of the two would-be removers survives. A vote may be lost.
 * time    60 s of holding the key are QUIET: nobody who looked at the key before has a call left that could still land.
 */
#ifndef N
#define N 3               /* voters at the start */
#endif
#ifndef CRASH
#define CRASH 1
#endif
#ifndef CUT
#define CUT 1
#endif
#ifndef EMAX
#define EMAX 1
#endif
#ifdef JOIN
#define NB (N+1)
#else
#define NB N
#endif
#ifndef BLIND
#define BLIND 0           /* set of voters that never reach voter N-1 (one-way cuts) */
#endif
#ifndef HUNG
#define HUNG 99           /* a voter whose daemon answers but whose etcd never applies anything */
#endif

#define BIT(x)    (1<<(x))
#define IN(s,x)   (((s)>>(x))&1)
#define POP(s)    (IN(s,0)+IN(s,1)+IN(s,2)+IN(s,3)+IN(s,4)+IN(s,5))
#define Q(n)      ((n)/2+1)
#define SEES(w,x) (IN(up,x) && !((x)==N-1 && IN(BLIND,w)))

byte mem, up, dead;                     /* etcd's voters; who is up; who died for good             */
byte nchg, hist[NB+1], napp[NB];        /* changes committed; the voters after each; how many each voter has applied */
byte holder, lrev, exps;                /* remover key: 0 = free, r+1; the revision of its write    */
byte seq, d;                            /* the record's revision; open decisions (0 or 1)          */
byte dv, cert, elec;                    /* victim, certificate, electorate of the open one         */
byte infl[2]; bool look[2];             /* per remover: its MemberRemove calls in flight; it has read the key back and not called yet */
byte ncrash, ncut;
byte since[2];                          /* ghost: who was down at some moment of r's ballot        */
bool joined;

#define GOAL      (((mem & dead) == 0 && d == 0) || (mem & up & 3) == 0)   /* or neither would-be remover is left */
#define WORK      ((mem & ~up) != 0 || d != 0 || BLIND != 0)
#define OK(r)     (IN(up,r) && IN(mem,r))   /* all that a node does goes through its own etcd member */
#define PASSES(r) IN(mem,r)                 /* what was sent through an evicted member dies with it */
#ifdef NOLOCK                           /* no key at all: whoever is first at the record */
#define MINE(r,k) true
#define TAKEN     false
#else
#define MINE(r,k) (holder == (r)+1 && lrev == (k))
#define TAKEN     (holder != 0)
#endif
#ifdef NOSEQ                            /* mutant: the transaction does not compare the record's revision */
#define SAME(e)   true
#else
#define SAME(e)   (seq == (e))
#endif
#ifdef NOOPEN                           /* mutant: a ballot is opened although the record that was read is open */
#define FREE      true
#else
#define FREE      (d == 0)
#endif
#ifdef NOMAJ
#define ENOUGH(y,m) (POP(y) >= 1)
#else
#ifdef HALF                             /* mutant: half of the voters are enough */
#define ENOUGH(y,m) (POP(y) * 2 >= POP(m))
#else
#define ENOUGH(y,m) (POP(y) >= Q(POP(m)))
#endif
#endif
#ifdef NOVETO
#define VETO      false
#else
#define VETO      veto
#endif
#ifdef NOOWNLIST                        /* mutant: a voter signs whatever its own etcd shows */
#define SHOWS(w,m) true
#else
#define SHOWS(w,m) (hist[napp[w]] == (m))
#endif
#ifdef NOSTRICT
#define REFUSED(v) false
#else  /* etcd's mayRemoveMember, asked of a member that is connected to all that are up */
#define REFUSED(v) (IN(up,v) && (POP(up&mem) - 1) < 1 + ((POP(mem)-1)/2))
#endif
#ifdef NOLIST                           /* mutant: nobody compares the list with the electorate before the call */
#define LISTED    true
#else
#define LISTED    (elec == mem)
#endif
#ifdef NOLIVES                          /* mutant: nobody looks whether the victim lives */
#define LIVES(v)  false
#else
#define LIVES(v)  IN(up,v)
#endif
#define MOVES(w)  (IN(mem,w) && IN(up,w) && napp[w] != nchg && (w) != HUNG)
#define CUR(w,v)  (IN(mem,w) && (w) != (v) && napp[w] == nchg)
#if NB == 3
#define ANYMOVE   (MOVES(0)||MOVES(1)||MOVES(2))
#define NCUR(v)   (CUR(0,v)+CUR(1,v)+CUR(2,v))
#elif NB == 4
#define ANYMOVE   (MOVES(0)||MOVES(1)||MOVES(2)||MOVES(3))
#define NCUR(v)   (CUR(0,v)+CUR(1,v)+CUR(2,v)+CUR(3,v))
#else
#define ANYMOVE   (MOVES(0)||MOVES(1)||MOVES(2)||MOVES(3)||MOVES(4))
#define NCUR(v)   (CUR(0,v)+CUR(1,v)+CUR(2,v)+CUR(3,v)+CUR(4,v))
#endif

/* ---------- etcd carries out one MemberRemove: the safety properties live here ---------- */
inline effect(v) {
  /* S3 an open decision, with a majority certificate, for exactly the electorate it is carried out in */
  assert(d > 0 && dv == v && elec == mem && POP(cert & elec) >= Q(POP(elec)));
  /* S2 the change before it has been applied by a quorum of those that remain */
  assert(NCUR(v) >= Q(POP(mem)-1));
  mem = mem & ~BIT(v);
  nchg++; hist[nchg] = mem;
  /* S4 live voters >= quorum */
  assert(POP(up & mem) >= Q(POP(mem)))
}
proctype Etcd(byte r) {                 /* delivers r's calls: late, or without an answer */
  byte v;
end:
  do
  :: atomic { infl[r] != 0 ->
       if :: IN(infl[r],0) -> v = 0
          :: IN(infl[r],1) -> v = 1
          :: IN(infl[r],2) -> v = 2
#if NB > 3
          :: IN(infl[r],3) -> v = 3
#endif
#if NB > 4
          :: IN(infl[r],4) -> v = 4
#endif
       fi;
       infl[r] = infl[r] & ~BIT(v);
       if :: (IN(mem,v) && PASSES(r) && !REFUSED(v)) -> effect(v)
          :: else -> skip               /* id gone (never reused), sender evicted, or strict-reconfig-check */
#ifndef LIVE
          :: skip                       /* it never arrives */
#endif
       fi;
       v = 0 }
  od
}
proctype Apply() {                      /* each voter applies at its own pace */
  byte w;
end:
  do
  :: atomic { ANYMOVE ->
       if :: MOVES(0) -> w = 0
          :: MOVES(1) -> w = 1
          :: MOVES(2) -> w = 2
#if NB > 3
          :: MOVES(3) -> w = 3
#endif
#if NB > 4
          :: MOVES(4) -> w = 4
#endif
       fi;
       napp[w]++; w = 0 }
  od
}
proctype Reaper() {                     /* a holder that is down loses its lease, always */
end:
  do :: atomic { holder != 0 && (!IN(up,holder-1) || !IN(mem,holder-1)) -> holder = 0 } od
}

#define MAYFAIL(v) (IN(up,v) && IN(mem,v) && POP(up & mem & ~BIT(v)) >= Q(POP(mem)))
#define SPARES(v)  ((v) > 1 || (IN(mem,1-(v)) && !IN(dead,1-(v))))
inline gone(v) { up = up & ~BIT(v); since[0] = since[0] | BIT(v); since[1] = since[1] | BIT(v) }
#define CRASHV(v) atomic { (ncrash < CRASH && MAYFAIL(v) && SPARES(v)) -> ncrash++; gone(v); dead = dead | BIT(v) }
#define CUTV(v)   atomic { (ncut < CUT && MAYFAIL(v)) -> ncut++; gone(v) }
#define BACKV(v)  atomic { (!IN(up,v) && !IN(dead,v)) -> up = up | BIT(v) }
#define JOINS     joined = 1; mem = mem | BIT(N); up = up | BIT(N); nchg++; hist[nchg] = mem; napp[N] = nchg
proctype World() {
end:
  do
  :: CRASHV(0)
  :: CRASHV(1)
  :: CRASHV(2)
  :: CUTV(0)
  :: CUTV(1)
  :: CUTV(2)
  :: BACKV(0)
  :: BACKV(1)
  :: BACKV(2)
#if NB > 3
  :: CRASHV(3)
  :: CUTV(3)
  :: BACKV(3)
#endif
#if NB > 4
  :: CRASHV(4)
  :: CUTV(4)
  :: BACKV(4)
#endif
  :: atomic { (exps < EMAX && holder != 0) -> exps++; holder = 0 }
#ifdef JOIN
#ifdef JOINFREE                         /* mutant: a promotion does not take the record */
  :: atomic { (!joined && POP(up&mem) >= Q(POP(mem))) -> JOINS }
#else
  :: atomic { (!joined && d == 0 && POP(up&mem) >= Q(POP(mem))) -> seq++; JOINS }
#endif
#endif
  :: break                              /* from here on nothing fails any more */
  od;
end1:
  do
  :: BACKV(0)
  :: BACKV(1)
  :: BACKV(2)
#if NB > 3
  :: BACKV(3)
#endif
#if NB > 4
  :: BACKV(4)
#endif
  od
}

/* ---------- voter.cpp and answer.cpp: evidence after the ballot arrived, and the voter's own list ---------- */
inline answer(w) {
  if :: (SEES(w,v)) -> veto = 1
     :: (!SEES(w,v) && SHOWS(w,m)) -> yes = yes | BIT(w)
     :: (!SEES(w,v) && !SHOWS(w,m)) -> skip
  fi
}
inline vote(w) {
  atomic { OK(r) ->
    if
    :: (IN(m,w) && IN(up,w) && w != v) -> answer(w)
#ifndef RELIABLE
    :: (IN(m,w) && IN(up,w) && w != v && w != r) -> skip      /* the vote is lost */
#endif
    :: (!IN(m,w) || !IN(up,w) || w == v) -> skip
    fi }
}
#if NB == 3
#define BALLOT vote(0); vote(1); vote(2);
#elif NB == 4
#define BALLOT vote(0); vote(1); vote(2); vote(3);
#else
#define BALLOT vote(0); vote(1); vote(2); vote(3); vote(4);
#endif
inline suspect() {                      /* some voter of the list that r cannot reach; v = NB: nobody */
  if :: (IN(m,0) && r != 0 && !SEES(r,0)) -> v = 0
     :: (IN(m,1) && r != 1 && !SEES(r,1)) -> v = 1
     :: (IN(m,2) && !SEES(r,2)) -> v = 2
#if NB > 3
     :: (IN(m,3) && !SEES(r,3)) -> v = 3
#endif
#if NB > 4
     :: (IN(m,4) && !SEES(r,4)) -> v = 4
#endif
     :: else -> v = NB
  fi
}
#define SUSPECTS(r) ((mem & ~up & ~BIT(r)) != 0 || (IN(BLIND,r) && IN(mem,N-1)))

/* ---------- change.cpp ---------- */
#if defined(KEEPFRESH)    /* mutant: who has opened it and not called yet may refute it, also after having lost the key meanwhile */
#define FORGET     v = 0; yes = 0; m = 0; veto = 0
#define FRESH      (opened == e)
#define OPENED     opened = e
#define CALLED     opened = 0
#else
#define FORGET     v = 0; yes = 0; m = 0; veto = 0; opened = 0
#define OPENED     opened = 1
#define CALLED     opened = 0
#if defined(NOLOCK)       /* without a key anybody may have taken the decision up */
#define FRESH false
#elif defined(FRESHANY)   /* mutant: whoever has no call under way may refute it, successors too */
#define FRESH (!IN(infl[r],v))
#else
#define FRESH (opened == 1)
#endif
#endif
#if defined(NODELAY)      /* mutant: void at once */
#define QUIET true
#elif defined(NOVOID)     /* mutant: void never */
#define QUIET false
#else
#define QUIET (!IN(infl[0],v) && !IN(infl[1],v) && !(look[1-r] && PASSES(1-r) && !IN(dead,1-r)))
#endif
#define OPEN      (d > 0 && seq == e && MINE(r,my))
#ifdef CLOSEFREE                        /* mutant: the transaction that closes does not compare the key */
#define CLOSABLE  (d > 0 && seq == e)
#else
#define CLOSABLE  OPEN
#endif
#define FLAWED    (LIVES(v) || !LISTED)
#define CLOSE     d--; seq++; FORGET

proctype Remover(byte r) {
  byte my, e, m, v, yes, opened; bool veto;
end0:
L0:                                     /* lease.cpp: put the key if there is none */
  atomic { (OK(r) && WORK && !TAKEN) ->
#ifndef NOLOCK
    holder = r+1; lrev++; my = lrev;
#endif
    FORGET }
end1:
L1:                                     /* etcd_view.cpp: the record and the member list are two reads, in either order */
  atomic { (OK(r) && (d > 0 || SUSPECTS(r) || !MINE(r,my))) ->
    if
    :: (!MINE(r,my)) -> my = 0; e = 0; FORGET; goto L0
#ifndef NORESUME                        /* mutant: an open decision is left to whoever opened it */
    :: (MINE(r,my) && d > 0) -> e = seq; v = dv; goto RUN
#endif
    :: (MINE(r,my) && FREE) -> e = seq; m = 0
    :: (MINE(r,my) && FREE) -> m = mem; e = 0
    fi }
  atomic { OK(r) ->                     /* agent.cpp: the second read, and the ballot is opened */
    if
    :: (m == 0) -> m = mem
    :: (m != 0 && FREE) -> e = seq
    :: (m != 0 && !FREE) -> FORGET; goto L1
    fi;
    suspect();
    if :: (v == NB) -> FORGET; goto L1
       :: else -> skip
    fi;
    since[r] = (BIT(NB)-1) & ~up }
  BALLOT
  atomic { OK(r) ->                     /* collector.cpp, tally.cpp */
    if :: (VETO || !ENOUGH(yes,m)) -> FORGET; goto L1
       :: else -> skip
    fi }
DECIDE:
  atomic { OK(r) ->                     /* open() */
    if
#ifndef NOLOCK
    :: (!MINE(r,my) && !TAKEN) -> holder = r+1; lrev++; my = lrev; goto DECIDE   /* a ballot may outlive the key that it was opened under */
#endif
    :: (MINE(r,my) && SAME(e)) ->
          seq++; d++;
          assert(d == 1);               /* S1 one open decision */
          assert(IN(since[r],v));       /* S5 the victim was not up during the whole ballot */
          dv = v; cert = yes; elec = m; yes = 0; m = 0; e = seq;
          if :: OPENED
             :: skip                    /* the answer is lost: it is only carried on */
          fi
    :: (!MINE(r,my) || !SAME(e)) -> FORGET; goto L1
    fi }
RUN:                                    /* tick() */
  atomic { (OK(r) && (!OPEN || !IN(mem,v) || !FLAWED || QUIET || (IN(up,v) && FRESH))) ->
    if :: (!OPEN) -> FORGET; goto L1
       :: (CLOSABLE && !IN(mem,v)) -> CLOSE; goto L1                                              /* done */
       :: (CLOSABLE && IN(mem,v) && FLAWED && (QUIET || (LIVES(v) && FRESH))) -> CLOSE; goto L1   /* void, refuted */
       :: (OPEN && IN(mem,v) && !FLAWED) -> skip
    fi }
#ifndef LATESEND                        /* mutant: key and record are not read back before the call */
  atomic { OK(r) ->                     /* took_read_back() */
    if :: OPEN -> look[r] = 1
       :: (!OPEN) -> FORGET; goto L1
    fi }
#endif
  atomic { OK(r) -> look[r] = 0;        /* took_list(): the last look may be too early to see a victim that is just coming back */
    if :: (!IN(mem,v) || !LISTED) -> goto RUN
       :: (LIVES(v)) -> goto RUN
       :: (IN(mem,v) && LISTED) -> CALLED; infl[r] = infl[r] | BIT(v)
    fi }
  if :: atomic { (!IN(infl[r],v) || !IN(mem,v)) -> goto RUN }
     :: goto L1                         /* no answer in time: the list tells */
  fi
}
init { atomic {
  mem = BIT(N)-1; up = BIT(N)-1; hist[0] = mem;
  run World(); run Apply(); run Reaper(); run Etcd(0); run Etcd(1); run Remover(0); run Remover(1) } }
#ifdef LIVE                             /* a clock, so that a deadlock is a cycle too */
bool tick;
active proctype Tick() { do :: tick = 0 od }
ltl live { <>[] GOAL }
#endif

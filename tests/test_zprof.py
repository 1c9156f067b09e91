import json,time,os,re,collections
from django.db import connection
from datetime import date
from tests.sender import make_sender
from tests.benchmarks.test_ingest_http import calls
from surveys.services.setup import ensure_basics
from surveys.services.months import make_months
from loopcare.common import clock
from surveys.services import ingest as S
from loopcare.staff.access import Caller
from loopcare.staff.models import ApiKey
def test_prof(transactional_db):
    ensure_basics(); make_months(days=[date(2026,4,1)])
    s=make_sender(); k=ApiKey.objects.get()
    c=Caller(k.pk,k.public_id,frozenset(k.scopes),frozenset(),10**9)
    from tests.benchmarks import test_ingest_http as B
    if os.environ.get('KEEP'): B.fill()
    bodies=calls(20000,1000)
    for b in bodies[:8]: S.ingest(caller=c,body=b,now=clock.now())
    from tests.benchmarks import test_ingest_http as B
    for b in bodies[18:]: S.ingest(caller=c,body=b,now=clock.now())
    with connection.cursor() as cc: cc.execute("SELECT pg_backend_pid()"); pid=cc.fetchone()[0]
    def ns():
        return int(__import__("pathlib").Path(f"/proc/{pid}/schedstat").read_text().split()[0])/1e6
    acc=collections.defaultdict(lambda: [0,0.0])
    last=[ns()]
    def wrap(execute, sql, params, many, context):
        x=ns(); acc["(between: copy, commit)"][1]+=x-last[0]
        if "WITH dropped" in sql and not acc.get("x"):
            acc["x"]=[0,0]
            c2=connection.connection.cursor(); c2.execute("EXPLAIN "+sql, params); print("\n".join(r[0] for r in c2.fetchall())); x=ns()
        try: return execute(sql,params,many,context)
        finally:
            y=ns(); e=acc[" ".join(sql.split())[:60]]; e[0]+=1; e[1]+=y-x; last[0]=y
    n0=ns()
    with connection.execute_wrapper(wrap):
        for b in bodies[8:18]: S.ingest(caller=c,body=b,now=clock.now())
    for q,(n,t) in sorted(acc.items(),key=lambda x:-x[1][1]): print(f"{n/10:.0f} cpu {t/10:6.2f}  {q}")
    print((ns()-n0)/10)
